import type { Parameters } from 'fast-check';

/**
 * So many runs of a property; where FUZZ_SECONDS is in the environment, as many as there is time for. A failure is told
 * with its seed.
 */
export function budget<T>(runs: number): Parameters<T> {
  const seconds = Number(process.env.FUZZ_SECONDS ?? 0);
  return seconds > 0
    ? { numRuns: 2 ** 31 - 1, interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false }
    : { numRuns: runs };
}
