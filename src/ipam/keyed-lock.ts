import { abortable } from '../process/abortable.ts';

/** Runs work on the same key one after the other, in the order of the calls; work on different keys side by side. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  /** Number of keys that somebody works on or waits for. */
  get size(): number {
    return this.#tails.size;
  }

  /** @throws the signal's reason where it is aborted before the turn comes; then `work` is never called */
  async run<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const done = Promise.withResolvers<void>();
    // whoever gives up waiting still hands the turn on only after the one before is done
    const tail = Promise.all([before, done.promise]).then(() => undefined);
    this.#tails.set(key, tail);
    try {
      signal.throwIfAborted();
      if (before !== undefined) await abortable(before, signal);
      return await work();
    } finally {
      done.resolve();
      void tail.then(() => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
      });
    }
  }
}
