import { setTimeout as delay } from 'node:timers/promises';
import { DemoError } from './demo-error.ts';

export interface UntilOptions {
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly limit?: number;
  /** What to read where it does not happen. */
  readonly logs?: readonly string[];
}

const INTERVAL_MS = 50;

/**
 * Asks again and again, and gives the first answer that is not undefined. For what has no event to wait for.
 * @param what it waits for; where that grows on the way, what gives it
 * @throws {DemoError} where that takes too long; what `probe` throws; the signal's reason
 */
export async function until<T>(
  what: string | (() => string),
  probe: () => Promise<T | undefined>,
  { signal, limit = 15_000, logs = [] }: UntilOptions,
): Promise<T> {
  const deadline = performance.now() + limit;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) {
      throw new DemoError(`not within ${limit / 1000} s: ${typeof what === 'string' ? what : what()}`, { logs });
    }
    await delay(INTERVAL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
