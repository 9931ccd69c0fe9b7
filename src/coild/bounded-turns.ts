import { CoilError } from '../model/error.ts';

export interface BoundedTurnsOptions {
  /** What it is of, for errors: `ADD`. */
  readonly what: string;
  /** So many have a turn at the same time, */
  readonly atOnce: number;
  /** and so many wait for one. */
  readonly waiting: number;
}

interface Waiter {
  readonly begin: () => void;
}

/** Gives turns in the order in which they are asked for, a number of them at a time, to a bounded queue. */
export class BoundedTurns {
  readonly #options: BoundedTurnsOptions;
  readonly #queue = new Set<Waiter>();
  #free: number;

  constructor(options: BoundedTurnsOptions) {
    this.#options = options;
    this.#free = options.atOnce;
  }

  /**
   * Waits for a turn, which lasts until it is disposed of.
   * @throws {CoilError} overloaded, at once, where the queue is full; the reason of `signal` where that ends the wait
   */
  async take(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    const { what, atOnce, waiting } = this.#options;
    if (this.#free > 0) this.#free--;
    else if (this.#queue.size < waiting) await this.#turn(signal);
    else {
      const full = `${atOnce} calls of ${what} are under way in coild, and ${waiting} wait, which is all it takes`;
      throw new CoilError('overloaded', `${full}; the runtime has to try again later`);
    }
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (!isOver) this.#next();
        isOver = true;
      },
    };
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { begin: resolve };
    const onAbort = () => {
      this.#queue.delete(waiter);
      reject(signal.reason);
    };
    this.#queue.add(waiter);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #next(): void {
    for (const waiter of this.#queue) {
      this.#queue.delete(waiter);
      waiter.begin();
      return;
    }
    this.#free++;
  }
}
