import { setImmediate } from 'node:timers/promises';
import { CoilError } from '../../model/error.ts';
import { lockBackoff } from './retry-while-busy.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { isBusy, lockedError, toCoilError } from './sqlite-error.ts';

/** Changes that share a transaction at most: so many run in a few milliseconds, in which the event loop stands. */
const MAX_GROUP = 64;

export interface GroupCommitOptions {
  /** How long a change may wait for the write lock, in milliseconds. */
  readonly timeoutMs: number;
  /** Called before each transaction, in the same turn of the event loop. */
  readonly beforeGroup?: () => void;
  /** Called after each transaction that was committed. */
  readonly onCommit?: () => void;
}

interface Change {
  readonly run: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** When it has waited for too long. */
  readonly deadline: number;
}

/**
 * Changes of one process, in the order of their calls. Those that wait at the same time share a transaction and its one
 * sync to disk, each in a savepoint of its own: each has its whole effect or none, and is acknowledged after the sync.
 * One at a time waits for the write lock of other processes, however many calls there are.
 */
export class GroupCommit {
  readonly #db: SqliteDatabase;
  readonly #options: GroupCommitOptions;
  readonly #waiting = new Set<Change>();
  readonly #closed = new AbortController();
  #drained: Promise<void> | undefined;

  constructor(db: SqliteDatabase, options: GroupCommitOptions) {
    this.#db = db;
    this.#options = options;
  }

  /**
   * Runs `change` in a transaction, and resolves to what it gave when that is on disk.
   * @throws what `change` throws, its changes undone
   * @throws {CoilError} store-unavailable, corrupt-data
   * @throws the signal's reason, where it was aborted before the change began
   */
  async submit<T>(change: () => T, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    this.#closed.signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const entry = { run: change, resolve, reject, deadline: performance.now() + this.#options.timeoutMs };
    const onAbort = () => this.#giveUp(entry, signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#waiting.add(entry);
    this.#drained ??= this.#drain();
    try {
      return (await promise) as T;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Fails what waits; what runs is committed. */
  async close(): Promise<void> {
    const closed = new CoilError('store-unavailable', `the database ${this.#db.path} was closed`);
    this.#closed.abort(closed);
    for (const change of this.#waiting) this.#giveUp(change, closed);
    await this.#drained;
  }

  #giveUp(change: Change, reason: unknown): void {
    if (this.#waiting.delete(change)) change.reject(reason);
  }

  async #drain(): Promise<void> {
    const backoff = lockBackoff();
    // calls of the same turn of the event loop come into the same group
    await setImmediate();
    while (this.#waiting.size > 0) {
      if (this.#commitGroup()) {
        backoff.reset();
        await setImmediate();
      } else {
        // closing empties the queue, which ends the loop
        await backoff.wait(this.#closed.signal).catch(() => undefined);
      }
    }
    this.#drained = undefined;
  }

  /** False where another process holds the lock. */
  #commitGroup(): boolean {
    const group = [...this.#waiting].slice(0, MAX_GROUP);
    this.#options.beforeGroup?.();
    try {
      this.#db.begin();
    } catch (error) {
      if (isBusy(error)) {
        this.#expire(error);
        return false;
      }
      for (const change of group) this.#giveUp(change, toCoilError(error, this.#db.path));
      return true;
    }
    for (const change of group) this.#waiting.delete(change);
    this.#runAndCommit(group);
    return true;
  }

  #runAndCommit(group: readonly Change[]): void {
    try {
      const settles = group.map((change) => this.#run(change));
      this.#db.commit();
      for (const settle of settles) settle();
      this.#options.onCommit?.();
    } catch (error) {
      for (const change of group) change.reject(toCoilError(error, this.#db.path));
      this.#rollback();
    }
  }

  #rollback(): void {
    try {
      this.#db.rollback();
    } catch {
      // the next group tries again before it begins, and tells why it cannot
    }
  }

  /** Gives what to answer once the transaction is on disk. @throws where SQLite ended the whole transaction */
  #run(change: Change): () => void {
    try {
      const value = this.#db.savepoint(change.run);
      return () => change.resolve(value);
    } catch (error) {
      if (!this.#db.inTransaction) throw error;
      return () => change.reject(toCoilError(error, this.#db.path));
    }
  }

  #expire(cause: unknown): void {
    const now = performance.now();
    for (const change of this.#waiting) {
      if (change.deadline <= now) this.#giveUp(change, lockedError(this.#db.path, this.#options.timeoutMs, cause));
    }
  }
}
