import { setImmediate as turn } from 'node:timers/promises';

/** So many turns of the event loop let everything happen that waits for no timer. */
const TURNS = 10;

interface Timer {
  readonly at: number;
  readonly ring: () => void;
}

/** A clock and sleeps that go on only when a test says so. */
export class FakeTime {
  #now = 0;
  readonly #timers = new Set<Timer>();

  /** Milliseconds since the beginning. */
  readonly clock = (): number => this.#now;
  readonly now = (): Date => new Date(Date.UTC(2026, 0, 1) + this.#now);

  readonly sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = { at: this.#now + ms, ring: resolve };
    this.#timers.add(timer);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    await promise.finally(() => this.#timers.delete(timer));
  };

  /** Lets `ms` milliseconds pass; every sleep ends at its time, and what follows it happens before the next one's. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      const [next] = [...this.#timers].sort((one, other) => one.at - other.at);
      if (next === undefined || next.at > end) break;
      this.#now = Math.max(this.#now, next.at);
      this.#timers.delete(next);
      next.ring();
    }
    this.#now = end;
  }
}

/** Lets everything happen that waits for no timer. */
export async function settle(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await turn();
}
