import { Backoff } from '../../process/backoff.ts';
import { isBusy, lockedError, toCoilError } from './sqlite-error.ts';

/** How long SQLite itself may wait for a lock, and with it the event loop, in milliseconds. */
export const BUSY_TIMEOUT_MS = 20;

/** Waits between two tries for a lock; the event loop is free then. */
export function lockBackoff(): Backoff {
  return new Backoff({ baseMs: 5, maxMs: 100 });
}

export interface RetryOptions {
  /** The database's file, for errors. */
  readonly path: string;
  /** How long others may hold the lock before the call fails, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Calls `attempt` until no lock of others is in its way.
 * @throws {CoilError} store-unavailable when the time is up, corrupt-data
 * @throws the signal's reason
 */
export async function retryWhileBusy<T>(
  attempt: () => T,
  { path, timeoutMs }: RetryOptions,
  signal: AbortSignal,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  const backoff = lockBackoff();
  for (;;) {
    signal.throwIfAborted();
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw toCoilError(error, path);
      if (performance.now() >= deadline) throw lockedError(path, timeoutMs, error);
    }
    await backoff.wait(signal);
  }
}
