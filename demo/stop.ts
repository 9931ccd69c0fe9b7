import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The reason of a stop that somebody asked for. */
export class Interrupted extends Error {
  /** As shells have it: 128 and the signal's number. */
  readonly exitStatus: number;

  constructor(name: keyof typeof constants.signals) {
    super(`interrupted by ${name}`);
    this.exitStatus = 128 + constants.signals[name];
  }
}

/**
 * What ends the demo early: a signal, standard output closed, or a part that failed. Later ones are ignored, since
 * what follows the first is clean-up, which has its own bounds.
 */
export class Stop implements Disposable {
  readonly #controller = new AbortController();
  readonly #listeners = SIGNALS.map((name) => [name, () => this.#onSignal(name)] as const);
  readonly #onClosed = () => this.#controller.abort(new Interrupted('SIGPIPE'));
  #goOn: (() => void) | undefined;

  constructor() {
    for (const [name, listener] of this.#listeners) process.on(name, listener);
    process.stdout.on('error', this.#onClosed);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the demo, for something that happened beside the step under way. */
  fail(reason: Error): void {
    this.#controller.abort(reason);
  }

  /** Waits for a SIGINT, which this once ends nothing but the wait. @throws the reason of a stop */
  async untilInterrupt(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { signal } = this;
    const stopped = () => reject(signal.reason);
    if (signal.aborted) stopped();
    signal.addEventListener('abort', stopped);
    this.#goOn = resolve;
    try {
      await promise;
    } finally {
      this.#goOn = undefined;
      signal.removeEventListener('abort', stopped);
    }
  }

  [Symbol.dispose](): void {
    for (const [name, listener] of this.#listeners) process.off(name, listener);
  }

  #onSignal(name: (typeof SIGNALS)[number]): void {
    if (name === 'SIGINT' && this.#goOn) this.#goOn();
    else this.#controller.abort(new Interrupted(name));
  }
}
