import type { SyncReport } from '../../src/podnet/block-exporter.ts';
import type {
  AllocateOutcome,
  AllocateRequest,
  FreeOutcome,
  FreeRequest,
  PoolBlock,
  ReleaseOutcome,
} from '../../src/store/ipam-store.ts';
import type { ModelNode } from './model-node.ts';
import { addressOf } from './truth.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

/** Acquire, export, allocate; withdraw, release: looked at in the moment in which each is done. */
export class OrderChecks {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Only out of blocks of its own, exported ones; unless it lost one, and got it anew, without knowing it. */
  allocating({ node, slots, assignment }: AllocateRequest): (outcome: AllocateOutcome) => void {
    const { nodes, ownerships } = this.#world;
    const before = new Map(ownerships);
    const { records } = this.#world.truth;
    // a node tells of what it gave out long ago
    const isTold = slots.every(
      (slot) => records.get(addressOf(slot))?.assignment.containerId === assignment.containerId,
    );
    return ({ outcome }) => {
      if (outcome !== 'allocated') return;
      const { truth, isMakingLate, behind } = this.#world;
      const at = nodes.find(({ name }) => name === node)!;
      const { exported } = at.routes;
      // a late acquisition, or somebody else, made that another one than the node knew of
      const isSame = (block: string) =>
        !isTold && before.get(block) === ownerships.get(block) && !isMakingLate && !behind.has(at);
      for (const { block, offset } of slots) {
        const key = block.toString();
        const what = `${block.nth(offset)} of ${key} was given out by ${node}`;
        const owner = truth.owners.get(key);
        if (owner !== node) this.#blame(`${what}, and the block is ${owner ?? 'nobody'}'s`);
        else if (!exported.includes(key) && isSame(key)) this.#blame(`${what}, and the block is not exported`);
      }
    };
  }

  /** Frees what was seen, and nothing else. */
  freed(addresses: readonly FreeRequest[], { outcome }: FreeOutcome): void {
    const { stored } = this.#world;
    if (outcome !== 'freed') return;
    for (const { revision, ...slot } of addresses) {
      const record = stored.records.get(addressOf(slot));
      const holder = record?.assignment.containerId ?? 'nobody';
      if (record?.revision !== revision) this.#blame(`${addressOf(slot)} was freed, which is by now ${holder}'s`);
    }
  }

  /** Whether it holds still when it is made: etcd takes a block back only of a document that is as it was. */
  releasing({ block }: PoolBlock): () => boolean {
    const { ownerships } = this.#world;
    const before = ownerships.get(block.toString());
    return () => ownerships.get(block.toString()) === before;
  }

  released(node: string, { block }: PoolBlock, { outcome }: ReleaseOutcome): void {
    const { nodes, isMakingLate } = this.#world;
    const isExported = nodes.find(({ name }) => name === node)!.routes.exported.includes(block.toString());
    if (outcome === 'released' && isExported && !isMakingLate)
      this.#blame(`${node} returned ${block}, which it exports`);
  }

  /** What a node exports was its own when it began to, as far as it could know. */
  exporting(node: ModelNode): (report: SyncReport) => void {
    const before = this.#world.stored;
    const knew = node.coild?.store.watch?.isHeard(before) ?? false;
    return ({ added }) => {
      if (!knew) return;
      for (const block of added.map(String)) {
        const owners = [before, this.#world.stored].map((truth) => truth.owners.get(block));
        if (!owners.includes(node.name))
          this.#blame(`${node.name} exported ${block}, which is ${owners[1] ?? 'nobody'}'s`);
      }
    };
  }

  #blame(what: string): void {
    this.#world.blame(new Violation(what));
  }
}
