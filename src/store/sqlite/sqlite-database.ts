import { statSync } from 'node:fs';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { CoilError } from '../../model/error.ts';

/** One connection: statements are prepared once, and transactions are functions. Throws SQLite's own errors. */
export class SqliteDatabase {
  readonly path: string;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #inode: bigint | undefined;

  constructor(path: string, connection: DatabaseSync) {
    this.path = path;
    this.#connection = connection;
    this.#inode = inodeOf(path);
  }

  /** Changes rows; gives their number. */
  run(sql: string, ...parameters: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...parameters).changes);
  }

  /** The first row, undefined where there is none. */
  get<Row>(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...parameters) as Row | undefined;
  }

  /** All rows. */
  all<Row>(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...parameters) as Row[];
  }

  /** Runs `read` on one state of the database, whatever others change in the meantime. */
  snapshot<T>(read: () => T): T {
    this.run('BEGIN');
    try {
      return read();
    } finally {
      if (this.inTransaction) this.run('COMMIT');
    }
  }

  /** Takes the write lock, or throws busy. @throws {CoilError} store-unavailable where the file is gone */
  begin(): void {
    // open still where undoing it failed
    this.rollback();
    this.run('BEGIN IMMEDIATE');
    try {
      this.#checkInPlace();
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  commit(): void {
    this.run('COMMIT');
  }

  /** Undoes the transaction, where SQLite has not done so by itself after an error. */
  rollback(): void {
    if (this.inTransaction) this.run('ROLLBACK');
  }

  /** Runs `change` within the transaction; undoes just its changes where it throws. */
  savepoint<T>(change: () => T): T {
    this.run('SAVEPOINT step');
    try {
      const value = change();
      this.run('RELEASE step');
      return value;
    } catch (error) {
      if (this.inTransaction) {
        this.run('ROLLBACK TO step');
        this.run('RELEASE step');
      }
      throw error;
    }
  }

  /** Writes one page as it is. To be called within a transaction. */
  touch(): void {
    const { version } = this.get<{ version: number }>('SELECT user_version AS version FROM pragma_user_version')!;
    this.run(`PRAGMA user_version = ${version}`);
  }

  get inTransaction(): boolean {
    return this.#connection.isTransaction;
  }

  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  /** Repeatable. The last connection to a database also moves the log's contents into the file. */
  close(): void {
    if (this.isOpen) this.#connection.close();
  }

  /** SQLite goes on writing to a file that was deleted or replaced, and what it acknowledges then is lost. */
  #checkInPlace(): void {
    const found = inodeOf(this.path);
    if (found === this.#inode) return;
    const what = found === undefined ? 'deleted' : 'replaced';
    throw new CoilError('store-unavailable', `the database ${this.path} was ${what} while in use; restart to open it`);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Undefined where there is no such file. @throws {CoilError} store-unavailable */
function inodeOf(path: string): bigint | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
  } catch (cause) {
    const message = `the database ${path} cannot be looked at: ${(cause as Error).message}`;
    throw new CoilError('store-unavailable', message, { cause });
  }
}
