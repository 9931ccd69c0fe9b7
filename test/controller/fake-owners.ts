import type { NodeReclaimDeps } from '../../src/controller/node-reclaim.ts';
import type { CoilError } from '../../src/model/error.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import { abortable } from '../../src/process/abortable.ts';
import type { PoolBlock } from '../../src/store/ipam-store.ts';

/** Owners of blocks, one or more each, and whom they were taken from. */
export class FakeOwners {
  readonly owners = new Map<string, readonly PoolBlock[]>();
  readonly released: string[] = [];
  /** Where it is set, calls fail. */
  failure: Error | undefined;
  /** Nodes whose release fails. */
  readonly stuck = new Set<string>();
  /** What cannot be read beside the owners. */
  unreadable: readonly CoilError[] = [];
  /** Where it is set, releases wait for it, or for their signal. */
  hold: Promise<void> | undefined;
  /** Where it is set, releases wait for it, whatever their signal says. */
  stubborn: Promise<void> | undefined;

  constructor(owners: Readonly<Record<string, string>>) {
    for (const [node, block] of Object.entries(owners))
      this.owners.set(node, [{ pool: 'default', block: IpPrefix.parse(block) }]);
  }

  readonly store: NodeReclaimDeps['store'] = {
    listBlocks: async (_signal, unreadable) => {
      if (this.failure) throw this.failure;
      this.#tell(unreadable);
      return new Map(this.owners);
    },
    releaseNode: async (node, signal, unreadable) => {
      if (this.failure || this.stuck.has(node)) throw this.failure ?? new Error('corrupt data');
      if (this.hold !== undefined) await abortable(this.hold, signal);
      await this.stubborn;
      const blocks = this.owners.get(node) ?? [];
      this.owners.delete(node);
      this.#tell(unreadable);
      this.released.push(node);
      return blocks;
    },
  };

  #tell(unreadable: CoilError[] | undefined): void {
    if (!unreadable && this.unreadable[0]) throw this.unreadable[0];
    unreadable?.push(...this.unreadable);
  }
}
