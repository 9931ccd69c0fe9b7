import type { IpFamily } from '../model/ip-address.ts';
import type { NodeState } from './node-state.ts';
import type { OwnedBlock } from './owned-block.ts';

/** With as many addresses left as this part of a block, or with `MOST_LEFT`, a further block is acquired. */
const PART_LEFT = 1 / 4;
const MOST_LEFT = 64;
/** After an attempt that failed, in milliseconds: a pool that is used up is not asked again with every Pod. */
const PAUSE_MS = 30_000;

export interface SpareBlocksDeps {
  readonly state: NodeState;
  /** Monotonic, in milliseconds. */
  readonly clock: () => number;
  readonly isOffline?: () => boolean;
}

/**
 * Which pools and families of a node want a block more than its Pods need, so that Pods can go on to start while no block
 * can be acquired: one that the node's Pods use, and of whose blocks little is left.
 */
export class SpareBlocks {
  readonly #deps: SpareBlocksDeps;
  readonly #attempts = new Map<string, number>();
  readonly #usedUp = new Set<string>();

  constructor(deps: SpareBlocksDeps) {
    this.#deps = deps;
  }

  /** Whether one is to be acquired, and that was not tried just now. */
  isDue(pool: string, family: IpFamily): boolean {
    if (!this.isShort(pool, family) || this.#deps.isOffline?.()) return false;
    const key = `${pool}/${family}`;
    const now = this.#deps.clock();
    if (now - (this.#attempts.get(key) ?? -PAUSE_MS) < PAUSE_MS) return false;
    this.#attempts.set(key, now);
    return true;
  }

  /** Whether the Pods use addresses of the pool, and the few that are left are all in blocks that have some in use. */
  isShort(pool: string, family: IpFamily): boolean {
    const blocks = this.#staying(pool, family);
    const [first] = blocks;
    if (!first || blocks.some(isEmpty)) return false;
    const left = blocks.reduce((sum, { allocator }) => sum + allocator.capacity - allocator.used, 0);
    return left <= Math.min(Math.floor(first.allocator.capacity * PART_LEFT), MOST_LEFT);
  }

  /** What became of the last request for a block: where there was none left, others want one as much as this node. */
  note(pool: string, family: IpFamily, { isUsedUp }: { readonly isUsedUp: boolean }): void {
    const key = `${pool}/${family}`;
    if (isUsedUp) this.#usedUp.add(key);
    else {
      this.#usedUp.delete(key);
      this.#attempts.delete(key);
    }
  }

  /** Whether an empty block stays: the first one of a pool and family of which others are in use. */
  isSpare(owned: OwnedBlock): boolean {
    if (this.#usedUp.has(`${owned.pool}/${owned.block.family}`)) return false;
    const blocks = this.#staying(owned.pool, owned.block.family);
    return blocks.find(isEmpty) === owned && !blocks.every(isEmpty);
  }

  #staying(pool: string, family: IpFamily): readonly OwnedBlock[] {
    return this.#deps.state.blocksOf(pool, family).filter(({ state }) => state !== 'leaving');
  }
}

function isEmpty({ allocator }: OwnedBlock): boolean {
  return allocator.used === 0;
}
