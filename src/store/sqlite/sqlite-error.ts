import { CoilError } from '../../model/error.ts';
import { obstacleTo } from './file-obstacle.ts';

// https://www.sqlite.org/rescode.html; the low byte of an extended code is the primary one
const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
export const NOT_A_DATABASE = 26;
/** PERM, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL, NOLFS, AUTH: the machine's fault, and it may pass. */
const UNAVAILABLE = new Set([3, 7, 8, 10, 13, 14, 15, 22, 23]);

/** PERM, READONLY, CANTOPEN: SQLite does not say which file, nor what it may not do with it. */
const FILE_PROBLEMS = new Set([3, 8, 14]);

/** Primary result code of an error of node:sqlite; undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

/** Whether another process, or another connection of this one, holds a lock: trying again helps. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === BUSY || code === LOCKED;
}

/** An error of SQLite as one of Coil that names the file; any other error as it is. */
export function toCoilError(error: unknown, path: string): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  const { message } = error as Error;
  if (code === CORRUPT || code === NOT_A_DATABASE) {
    return new CoilError('corrupt-data', `the database ${path} is damaged: ${message}`, { cause: error });
  }
  if (UNAVAILABLE.has(code)) {
    const obstacle = FILE_PROBLEMS.has(code) ? obstacleTo(path) : undefined;
    const why = obstacle === undefined ? message : `${message}: ${obstacle}`;
    return new CoilError('store-unavailable', `the database ${path} cannot be used: ${why}`, { cause: error });
  }
  return new CoilError('internal', `the database ${path} refused a statement: ${message}`, { cause: error });
}

/** Another process held the write lock for all of the time that there was. */
export function lockedError(path: string, timeoutMs: number, cause?: unknown): CoilError {
  const message = `the database ${path} is locked: another process has been changing it for over ${timeoutMs} ms`;
  return new CoilError('store-unavailable', message, { cause });
}
