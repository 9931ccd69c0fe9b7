import type { SqliteDatabase } from './sqlite-database.ts';
import { isBusy, toCoilError } from './sqlite-error.ts';

/**
 * Tells watches that the database may have changed: at once for changes of this connection, within `pollMs` for those
 * of others, by a counter that SQLite keeps in shared memory. Nothing runs while nobody waits.
 */
export class ChangeNotifier {
  readonly #db: SqliteDatabase;
  readonly #pollMs: number;
  readonly #waiters = new Set<PromiseWithResolvers<void>>();
  #timer: NodeJS.Timeout | undefined;
  #version: number | undefined;
  #count = 0;

  constructor(db: SqliteDatabase, pollMs: number) {
    this.#db = db;
    this.#pollMs = pollMs;
  }

  /** Number of changes told so far. Take it before you read, and give it to `next`: nothing gets lost in between. */
  get count(): number {
    return this.#count;
  }

  /**
   * Resolves at the next change after the first `seen` ones.
   * @throws {CoilError} store-unavailable where the database cannot be read any more, or was closed
   * @throws the signal's reason
   */
  async next(seen: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (seen !== this.#count) return;
    const waiter = Promise.withResolvers<void>();
    const onAbort = () => waiter.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#waiters.add(waiter);
    this.#timer ??= setInterval(() => this.#poll(), this.#pollMs);
    try {
      await waiter.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#waiters.delete(waiter);
      if (this.#waiters.size === 0) this.#stop();
    }
  }

  /** Wakes all who wait. */
  notify(): void {
    this.#count++;
    for (const waiter of this.#waiters) waiter.resolve();
  }

  /** Ends all waits with `error`. */
  fail(error: unknown): void {
    for (const waiter of this.#waiters) waiter.reject(error);
  }

  #poll(): void {
    try {
      const { data_version: version } = this.#db.get<{ data_version: number }>('PRAGMA data_version')!;
      if (version === this.#version) return;
      this.#version = version;
      this.notify();
    } catch (error) {
      if (!isBusy(error)) this.fail(toCoilError(error, this.#db.path));
    }
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
