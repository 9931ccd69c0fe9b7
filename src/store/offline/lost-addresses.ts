import type { AddressRecord } from '../ipam-store.ts';
import type { SqliteDatabase } from '../sqlite/sqlite-database.ts';
import type { LostAddress } from '../store-connection.ts';
import { recordOf, type SlotRow } from './journal-rows.ts';

/** The Pods that live with an address that is not theirs, until they are detached. */
export class LostAddresses {
  readonly #db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  get all(): readonly LostAddress[] {
    const sql = 'SELECT block, "offset", assignment, 0 AS revision, reason FROM lost ORDER BY block, "offset"';
    return this.#db.all<SlotRow & Pick<LostAddress, 'reason'>>(sql).map((row) => ({
      record: recordOf(row),
      reason: row.reason,
    }));
  }

  add({ record: { block, offset, assignment }, reason }: LostAddress): void {
    this.#db.run(
      'INSERT OR REPLACE INTO lost (block, "offset", assignment, reason) VALUES (?, ?, ?, ?)',
      ...[block.toString(), offset, JSON.stringify(assignment), reason],
    );
  }

  clear(): void {
    this.#db.run('DELETE FROM lost');
  }

  remove({ block, offset, assignment }: AddressRecord): void {
    const sql = 'DELETE FROM lost WHERE block = ? AND "offset" = ? AND assignment = ?';
    this.#db.run(sql, block.toString(), offset, JSON.stringify(assignment));
  }
}
