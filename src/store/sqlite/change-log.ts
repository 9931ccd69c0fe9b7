import { CoilError } from '../../model/error.ts';
import type { NodeChange, Revision } from '../ipam-store.ts';
import { type ChangeRow, formatChange, readChange } from './change-row.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

/** Changes that one call of `since` gives at most, so that a long outage is not caught up with in one breath. */
const BATCH = 512;

export interface LoggedChanges {
  readonly changes: readonly NodeChange[];
  /** The sequence number up to which the log has been read. */
  readonly sequence: number;
}

/** What changed lately, one row a change, for the watches of all processes. To be called within a transaction. */
export class ChangeLog {
  readonly #db: SqliteDatabase;
  readonly #length: number;

  /** @param length number of changes that are kept: at least 1 */
  constructor(db: SqliteDatabase, length: number) {
    this.#db = db;
    this.#length = length;
  }

  /** The sequence number of the latest change; 0 in a new database. */
  get latest(): number {
    return this.#db.get<{ latest: number }>('SELECT coalesce(max(sequence), 0) AS latest FROM change')!.latest;
  }

  /** The revision of a call that begins now: the sequence number of the first change that it will make. */
  get nextRevision(): Revision {
    return this.latest + 1;
  }

  /** Adds a change for the watches of `node`, or of all nodes (null); gives its sequence number. */
  append(node: string | null, change: NodeChange): number {
    const { kind, revision, pool, block, offset, value } = formatChange(change);
    const { sequence } = this.#db.get<{ sequence: number }>(
      `INSERT INTO change (node, kind, revision, pool, block, "offset", value)
       VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING sequence`,
      ...[node, kind, revision, pool, block, offset, value],
    )!;
    this.#db.run('DELETE FROM change WHERE sequence <= ?', sequence - this.#length);
    return sequence;
  }

  /**
   * The changes after `sequence` that concern `node`, in order; perhaps not all of them, then call again.
   * @throws {CoilError} store-unavailable where some of them were trimmed
   */
  since(sequence: number, node: string): LoggedChanges {
    const oldest = this.#db.get<{ oldest: number | null }>('SELECT min(sequence) AS oldest FROM change')!.oldest ?? 1;
    if (oldest > sequence + 1) {
      const message = `the change log of ${this.#db.path} begins at ${oldest}: what came after ${sequence} was trimmed`;
      throw new CoilError('store-unavailable', message);
    }
    const { latest } = this;
    const rows = this.#db.all<ChangeRow & { sequence: number }>(
      `SELECT sequence, kind, revision, pool, block, "offset", value FROM change
       WHERE sequence > ? AND (node IS NULL OR node = ?) ORDER BY sequence LIMIT ${BATCH}`,
      sequence,
      node,
    );
    return { changes: rows.map(readChange), sequence: rows.length < BATCH ? latest : rows.at(-1)!.sequence };
  }
}
