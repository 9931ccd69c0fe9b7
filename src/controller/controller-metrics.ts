import type { AddressPool } from '../model/address-pool.ts';
import { type Metrics, type Sample, single } from '../process/metrics.ts';
import type { IpamStore } from '../store/ipam-store.ts';
import type { AddressFindings } from './address-scan.ts';
import type { NodeReclaimDeps } from './node-reclaim.ts';

/** A scrape does not wait longer for the datastore, in milliseconds. */
const READ_MS = 5_000;

/** What the controller found, and what it did. Only the leader tells of the cluster, so that nothing is told twice. */
export class ControllerMetrics {
  readonly #store: Pick<IpamStore, 'listPools' | 'listBlocks' | 'releaseNode'>;
  readonly #nodes;
  readonly #blocks;
  readonly #scans;
  #isLeading = false;
  #findings: AddressFindings | undefined;

  constructor(store: Pick<IpamStore, 'listPools' | 'listBlocks' | 'releaseNode'>, metrics: Metrics) {
    this.#store = store;
    this.#nodes = metrics.counter({
      name: 'coil_controller_nodes_released_total',
      help: 'Nodes that were gone, and lost their blocks and addresses',
    });
    this.#blocks = metrics.counter({
      name: 'coil_controller_blocks_released_total',
      help: 'Blocks that were taken from nodes that were gone',
    });
    this.#scans = metrics.counter({
      name: 'coil_controller_address_scans_total',
      help: 'Comparisons of addresses with Pods by how they ended',
      labels: ['result'],
      from: [{ result: 'ok' }, { result: 'failed' }],
    });
    metrics.gauge({ name: 'coil_controller_leading', help: '1 where this process is the one that acts' }, () =>
      single(this.#isLeading ? 1 : 0),
    );
    metrics.gauge(
      {
        name: 'coil_controller_address_findings',
        help: 'What the last comparison with Pods found: unused (assigned, no Pod has it), unrecorded (not assigned, a Pod has it), conflicting (assigned to another Pod)',
        labels: ['kind'],
      },
      () =>
        Object.entries(this.#findings?.kinds ?? {}).map(([kind, value]) => ({ labels: { kind }, value: value ?? 0 })),
    );
    metrics.gauge(
      {
        name: 'coil_pool_addresses_assigned',
        help: 'Addresses of a pool that were assigned at the last comparison',
        labels: ['pool', 'family'],
      },
      () => this.#findings?.assigned ?? [],
    );
    metrics.gauge(
      {
        name: 'coil_pool_blocks',
        help: 'Blocks of a subnet: owned by nodes, or free',
        labels: ['pool', 'family', 'subnet', 'state'],
      },
      () => (this.#isLeading ? this.#poolBlocks() : []),
    );
    metrics.gauge(
      {
        name: 'coil_pool_block_addresses',
        help: "Addresses that a block of the pool has: times coil_pool_blocks, the pool's size",
        labels: ['pool'],
      },
      async () => (this.#isLeading ? blockSizes(await this.#store.listPools(AbortSignal.timeout(READ_MS), [])) : []),
    );
  }

  /** Notes whether this process leads now. */
  lead(isLeading: boolean): void {
    this.#isLeading = isLeading;
    this.#findings = undefined;
  }

  /** Notes how a comparison ended; undefined where it failed. */
  scanned(findings: AddressFindings | undefined): void {
    this.#scans.add({ result: findings ? 'ok' : 'failed' });
    if (findings) this.#findings = findings;
  }

  /** The datastore, of which is counted what is taken from nodes. */
  get releasing(): NodeReclaimDeps['store'] {
    const store = this.#store;
    return {
      listBlocks: (signal, unreadable) => store.listBlocks(signal, unreadable),
      releaseNode: async (node, signal, unreadable) => {
        const blocks = await store.releaseNode(node, signal, unreadable);
        this.#nodes.add({});
        this.#blocks.add({}, blocks.length);
        return blocks;
      },
    };
  }

  async #poolBlocks(): Promise<Sample<'pool' | 'family' | 'subnet' | 'state'>[]> {
    const signal = AbortSignal.timeout(READ_MS);
    const pools = await this.#store.listPools(signal);
    const owned = [...(await this.#store.listBlocks(signal)).values()].flat();
    return [...pools].flatMap(([pool, { subnets, blockSize }]) =>
      subnets.flatMap((subnet) => {
        const labels = { pool, family: String(subnet.family), subnet: String(subnet) };
        const taken = owned.filter((one) => one.pool === pool && subnet.contains(one.block.address)).length;
        const free = 2 ** (subnet.hostBits - blockSize) - taken;
        return [
          { labels: { ...labels, state: 'owned' }, value: taken },
          { labels: { ...labels, state: 'free' }, value: free },
        ];
      }),
    );
  }
}

function blockSizes(pools: ReadonlyMap<string, AddressPool>): Sample<'pool'>[] {
  return [...pools].map(([pool, { blockSize }]) => ({ labels: { pool }, value: 2 ** blockSize }));
}
