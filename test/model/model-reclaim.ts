import type { GarbageCollection } from '../../src/cni/garbage-collection.ts';
import { type CreateReclaimDeps, createReclaim } from '../../src/coild/create-reclaim.ts';
import { abortable } from '../../src/process/abortable.ts';
import { nullMetrics } from '../../src/process/metrics.ts';

/** How long the proofs of a leak have to hold, on the model's clock. */
export const GRACE_MS = 1_000;

/** The real reclaim of one coild, which looks when it is told to. */
export class ModelReclaim {
  readonly garbage: Pick<GarbageCollection, 'collect'>;
  /** While it waits for its next look. */
  #waiting: PromiseWithResolvers<void> | undefined;
  #isLooking = false;

  constructor(node: string, deps: Omit<CreateReclaimDeps, 'metrics' | 'sleep'>, signal: AbortSignal) {
    const sleep = async (_: number, until: AbortSignal) => {
      this.#isLooking = false;
      this.#waiting = Promise.withResolvers();
      await abortable(this.#waiting.promise, until);
    };
    const settings = { mode: 'on', graceMs: GRACE_MS } as const;
    const { reclaim, garbage } = createReclaim(node, settings, { ...deps, metrics: nullMetrics, sleep });
    this.garbage = garbage;
    void reclaim.run(signal);
  }

  /** Whether a look has begun and has not ended. */
  get isLooking(): boolean {
    return this.#isLooking;
  }

  /** Has the next look begin. False where it cannot, as one is under way or the node's state was never read. */
  look(): boolean {
    if (!this.#waiting) return false;
    this.#isLooking = true;
    this.#waiting.resolve();
    this.#waiting = undefined;
    return true;
  }
}
