/** Runs asynchronous actions one after the other, in the order they came in. */
export class SerialQueue {
  /** Undefined where nothing is in the queue. */
  #tail: Promise<void> | undefined;

  /**
   * Rejects with the signal's reason at once, and never starts `action`, where `signal` is aborted before its turn. An
   * action that has begun is left to end.
   */
  async run<T>(action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const before = this.#tail;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    // whoever gives up waiting hands the turn on only after those before it
    const tail = before === undefined ? done : before.then(() => done);
    this.#tail = tail;
    let isOurTurn = before === undefined;
    try {
      if (before !== undefined) await turn(before, signal);
      isOurTurn = true;
      return await action();
    } finally {
      resolve();
      // whoever gave up leaves those before it in the queue
      if (isOurTurn && this.#tail === tail) this.#tail = undefined;
    }
  }

  /** Resolves when everything that is in the queue now is over. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}

/** Resolves with `before`, which never rejects; rejects with the signal's reason where that is aborted first. */
function turn(before: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  void before.then(() => {
    signal?.removeEventListener('abort', onAbort);
    resolve();
  });
  return promise;
}
