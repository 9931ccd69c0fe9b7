import { setTimeout as delay } from 'node:timers/promises';

const INTERVAL_MS = 50;

/**
 * Asks until `probe` gives something other than undefined or false, and gives that. For what has no event to wait for.
 *
 * @throws where that takes more than `ms`; the cause is what `probe` threw last, if it did
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  ms = 10_000,
): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    let cause: unknown;
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`not within ${ms / 1000} s: ${what}`, { cause });
    await delay(INTERVAL_MS);
  }
}
