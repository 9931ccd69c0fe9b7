import { setTimeout as timeout } from 'node:timers/promises';

/** setTimeout takes no more, and would fire at once: about 24 days. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

export interface BackoffOptions {
  /** Longest first wait, in milliseconds; it doubles with each further one. */
  readonly baseMs: number;
  /** Longest wait of all, in milliseconds. */
  readonly maxMs: number;
}

/** What waits need from outside; a test passes its own. */
export interface BackoffDeps {
  /** Gives numbers from 0 to 1. */
  readonly random?: () => number;
  /** Waits so many milliseconds, and rejects with the signal's reason. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * The waits between attempts: exponential with full jitter, so that those who collided once do not collide again.
 * How many attempts there are is the caller's.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  readonly #sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  #waits = 0;

  constructor(options: BackoffOptions, { random = Math.random, sleep: wait = sleep }: BackoffDeps = {}) {
    this.#options = options;
    this.#random = random;
    this.#sleep = wait;
  }

  /** Waits before the next attempt. Rejects with the signal's reason once it is aborted. */
  async wait(signal: AbortSignal): Promise<void> {
    const { baseMs, maxMs } = this.#options;
    const limit = Math.min(maxMs, baseMs * 2 ** this.#waits++);
    await this.#sleep(this.#random() * limit, signal);
  }

  /** After a success: the next wait is a first one. */
  reset(): void {
    this.#waits = 0;
  }
}

/** Waits `ms` milliseconds, however many. Rejects with the signal's reason once it is aborted. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  try {
    let left = ms;
    for (; left > MAX_TIMER_MS; left -= MAX_TIMER_MS) await timeout(MAX_TIMER_MS, undefined, { signal });
    await timeout(left, undefined, { signal });
  } catch (error) {
    // node's own AbortError would hide why
    signal.throwIfAborted();
    throw error;
  }
}
