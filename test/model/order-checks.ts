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

  allocated({ node, slots, assignment }: AllocateRequest, { outcome }: AllocateOutcome): void {
    if (outcome !== 'allocated') return;
    const { nodes, truth, sandboxes, isMakingLate } = this.#world;
    const routes = nodes.find(({ name }) => name === node)!.routes.exported;
    for (const { block, offset } of slots) {
      const what = `${block.nth(offset)} of ${block} was given out by ${node}`;
      const owner = truth.owners.get(block.toString());
      if (owner !== node) this.#blame(`${what}, and the block is ${owner ?? "nobody's"}`);
      else if (!routes.includes(block.toString()) && !isMakingLate)
        this.#blame(`${what}, and the block is not exported`);
    }
    const sandbox = sandboxes.find(({ containerId }) => containerId === assignment.containerId);
    if (isMakingLate && sandbox) sandbox.mayLeak = true;
  }

  /** One that comes late may take an address from an ADD that found it recorded: docs/reliability.md tells of it. */
  freed(addresses: readonly FreeRequest[], { outcome }: FreeOutcome): void {
    const { truth, sandboxes, isMakingLate } = this.#world;
    if (!isMakingLate || outcome !== 'freed') return;
    const containers = addresses.map((each) => truth.records.get(addressOf(each))?.assignment.containerId);
    for (const sandbox of sandboxes) if (containers.includes(sandbox.containerId)) sandbox.revoke();
  }

  released(node: string, { block }: PoolBlock, { outcome }: ReleaseOutcome): void {
    const { nodes, isMakingLate } = this.#world;
    const isExported = nodes.find(({ name }) => name === node)!.routes.exported.includes(block.toString());
    if (outcome === 'released' && isExported && !isMakingLate)
      this.#blame(`${node} returned ${block}, which it exports`);
  }

  /** What a node exports is its own, unless it lost that before it could know, or while it was about to export it. */
  exporting(node: ModelNode): (report: SyncReport) => void {
    const knows = () => node.coild?.store.watch?.isHeard(this.#world.truth) ?? false;
    const knew = knows();
    return ({ added }) => {
      if (!knew || !knows()) return;
      for (const block of added.map(String)) {
        const owner = this.#world.truth.owners.get(block) ?? 'nobody';
        if (owner !== node.name) this.#blame(`${node.name} exported ${block}, which is ${owner}'s`);
      }
    };
  }

  #blame(what: string): void {
    this.#world.blame(new Violation(what));
  }
}
