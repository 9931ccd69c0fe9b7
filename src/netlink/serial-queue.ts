/** Runs asynchronous actions one after the other, in the order they came in. */
export class SerialQueue {
  #tail: Promise<void> = Promise.resolve();

  /**
   * Rejects with the signal's reason at once, and never starts `action`, where `signal` is aborted before its turn. An
   * action that has begun is left to end.
   */
  run<T>(action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#tail = this.#tail.then(async () => {
      signal?.removeEventListener('abort', onAbort);
      if (signal?.aborted) return reject(signal.reason);
      try {
        resolve(await action());
      } catch (error) {
        reject(error);
      }
    });
    return promise;
  }

  /** Resolves when everything that is in the queue now is over. */
  idle(): Promise<void> {
    return this.#tail;
  }
}
