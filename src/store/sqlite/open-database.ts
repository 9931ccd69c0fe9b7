import { closeSync, constants, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { CoilError } from '../../model/error.ts';
import { obstacleTo } from './file-obstacle.ts';
import { BUSY_TIMEOUT_MS, type RetryOptions, retryWhileBusy } from './retry-while-busy.ts';
import { STORE_FORMAT } from './schema.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { NOT_A_DATABASE, sqliteCode } from './sqlite-error.ts';

/** What a database of Coil holds, and how it is known again. */
export interface DatabaseFormat {
  /** `PRAGMA application_id` */
  readonly applicationId: number;
  /** `PRAGMA user_version` */
  readonly version: number;
  /** Makes the tables, and sets these two. */
  readonly schema: string;
  /** Makes what was added since, where it is not there; an older Coil does not mind it. */
  readonly addedSchema?: string;
}

export interface OpenOptions extends RetryOptions {
  /** Whether the file is made where it is not there, or empty, as whoever is killed while making it leaves it. */
  readonly create: boolean;
  /** By default, that of the store. */
  readonly format?: DatabaseFormat;
  /**
   * FULL, the default: what was acknowledged survives a power cut. NORMAL: it survives the end of the process, and a
   * power cut loses the last changes of the log.
   */
  readonly synchronous?: 'FULL' | 'NORMAL';
}

/**
 * Opens the database of an existing folder, and creates it, readable by its owner alone, where it is not there.
 * @throws {CoilError} store-not-found (not there or empty, and not to be created), store-unavailable, invalid-argument (the file is not
 * Coil's, or that of a newer Coil)
 */
export async function openDatabase(options: OpenOptions, signal: AbortSignal): Promise<SqliteDatabase> {
  signal.throwIfAborted();
  if (options.create) createFile(options.path);
  else requireFile(options.path);
  return await retryWhileBusy(() => connect(options), options, signal);
}

/**
 * SQLite itself would create the file readable by all; it gives its log the permissions of the file. An existing file
 * is not opened here: closing it would drop the locks that other connections of this process hold (POSIX).
 */
function createFile(path: string): void {
  try {
    closeSync(openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const why = code === 'ENOENT' ? `the folder ${dirname(path)} does not exist` : (obstacleTo(path) ?? message);
    throw new CoilError('store-unavailable', `the database ${path} cannot be created: ${why}`, { cause });
  }
}

/** @throws {CoilError} store-not-found, store-unavailable */
function requireFile(path: string): void {
  try {
    statSync(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new CoilError('store-not-found', `there is no database file ${path}`, { cause });
    const why = obstacleTo(path) ?? message;
    throw new CoilError('store-unavailable', `the database ${path} cannot be opened: ${why}`, { cause });
  }
}

function connect({ path, create, format = STORE_FORMAT, synchronous = 'FULL' }: OpenOptions): SqliteDatabase {
  const url = pathToFileURL(path);
  url.searchParams.set('mode', 'rw');
  const connection = new DatabaseSync(url, { timeout: BUSY_TIMEOUT_MS });
  try {
    if (isEmpty(connection, path, format)) {
      if (!create) throw new CoilError('store-not-found', `there is no database in ${path}: the file is empty`);
      initialize(connection, path, format);
    }
    useLog(connection, path);
    connection.exec(`PRAGMA synchronous = ${synchronous}`);
    connection.exec(format.addedSchema ?? '');
    return new SqliteDatabase(path, connection);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Whether nothing was ever written to the file; looks only. @throws {CoilError} invalid-argument */
function isEmpty(connection: DatabaseSync, path: string, { applicationId, version: known }: DatabaseFormat): boolean {
  const { application, version, tables } = identify(connection, path);
  if (application === 0 && version === 0 && tables === 0) return true;
  if (application !== applicationId) {
    throw new CoilError('invalid-argument', `${path} is the database of another application; it was left as it is`);
  }
  if (version > known) {
    const message = `${path} was written by a newer Coil: its schema has version ${version}, this Coil knows ${known}`;
    throw new CoilError('invalid-argument', message);
  }
  return false;
}

function identify(connection: DatabaseSync, path: string) {
  try {
    const found = connection
      .prepare(
        `SELECT application_id AS application, user_version AS version, (SELECT count(*) FROM sqlite_schema) AS tables
         FROM pragma_application_id, pragma_user_version`,
      )
      .get();
    return found as { application: number; version: number; tables: number };
  } catch (cause) {
    if (sqliteCode(cause) !== NOT_A_DATABASE) throw cause;
    throw new CoilError('invalid-argument', `${path} is not a database; it was left as it is`, { cause });
  }
}

/** Several processes may come here at the same time: one of them makes the tables. */
function initialize(connection: DatabaseSync, path: string, format: DatabaseFormat): void {
  useLog(connection, path);
  connection.exec('BEGIN IMMEDIATE');
  try {
    if (isEmpty(connection, path, format)) connection.exec(format.schema);
    connection.exec('COMMIT');
  } catch (error) {
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}

/** Write-ahead log: who reads and who writes do not wait for each other. The file remembers it. */
function useLog(connection: DatabaseSync, path: string): void {
  const mode = connection.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode;
  if (mode === 'wal') return;
  const message = `the database ${path} cannot have a write-ahead log there (mode ${mode}): use a local file system`;
  throw new CoilError('store-unavailable', message);
}
