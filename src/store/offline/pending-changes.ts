import type { AddressRecord, AddressSlot, Revision } from '../ipam-store.ts';
import type { SqliteDatabase } from '../sqlite/sqlite-database.ts';
import { recordOf, type SlotRow } from './journal-rows.ts';

/** What the datastore is to be told. */
export type PendingChange =
  | { readonly kind: 'free'; readonly revision: Revision; readonly records: readonly [AddressRecord] }
  /** Addresses that were given out at once. */
  | { readonly kind: 'allocate'; readonly revision: Revision; readonly records: readonly AddressRecord[] };

/** Addresses that were given out here; their revisions are no whole numbers. */
const GIVEN = 'answered = 1 AND revision != CAST(revision AS INTEGER)';
const COLUMNS = 'block, "offset", assignment, revision';

/** The changes that were answered without the datastore, in the order of their revisions. */
export class PendingChanges {
  readonly #db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  get count(): number {
    const sql = `SELECT (SELECT count(DISTINCT revision) FROM address WHERE ${GIVEN}) +
      (SELECT count(*) FROM freed) AS count`;
    return this.#db.get<{ count: number }>(sql)!.count;
  }

  get freed(): readonly SlotRow[] {
    return this.#db.all<SlotRow>(`SELECT ${COLUMNS} FROM freed ORDER BY revision`);
  }

  /** The oldest one. */
  get first(): PendingChange | undefined {
    const freed = this.#db.get<SlotRow>(`SELECT ${COLUMNS} FROM freed ORDER BY revision LIMIT 1`);
    const given = this.#db.all<SlotRow>(
      `SELECT ${COLUMNS} FROM address
       WHERE revision = (SELECT min(revision) FROM address WHERE ${GIVEN}) ORDER BY block, "offset"`,
    );
    const [oldest] = given;
    if (freed && !(oldest && oldest.revision < freed.revision))
      return { kind: 'free', revision: freed.revision, records: [recordOf(freed)] };
    return oldest && { kind: 'allocate', revision: oldest.revision, records: given.map(recordOf) };
  }

  addFreed({ block, offset, assignment }: AddressRecord, revision: Revision): void {
    const values = [revision, block.toString(), offset, JSON.stringify(assignment)];
    this.#db.run('INSERT INTO freed (revision, block, "offset", assignment) VALUES (?, ?, ?, ?)', ...values);
  }

  removeFreed({ block, offset }: AddressSlot, revision: Revision): void {
    const sql = 'DELETE FROM freed WHERE revision = ? AND block = ? AND "offset" = ?';
    this.#db.run(sql, revision, block.toString(), offset);
  }

  /** From now on the datastore may have recorded it, whatever it answers. */
  markAsked(revision: Revision): void {
    this.#db.run('UPDATE address SET asked = 1 WHERE revision = ? AND asked = 0', revision);
  }

  clear(): void {
    this.#db.run('DELETE FROM freed');
  }
}
