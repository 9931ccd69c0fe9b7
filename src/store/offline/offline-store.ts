import type { AddressPool } from '../../model/address-pool.ts';
import type { BlockAssignment } from '../../model/block-assignment.ts';
import { CoilError } from '../../model/error.ts';
import type { IpAddress } from '../../model/ip-address.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import type { Backoff } from '../../process/backoff.ts';
import type { Logger } from '../../process/logger.ts';
import type {
  AcquiredBlock,
  AddressRecord,
  AllocateOutcome,
  AllocateRequest,
  BlockRequest,
  FreeOutcome,
  FreeRequest,
  IpamStore,
  NodeChange,
  NodeSnapshot,
  PoolBlock,
  ReleaseOutcome,
} from '../ipam-store.ts';
import type { ConnectionStatus, LostAddress, StoreConnection } from '../store-connection.ts';
import { Connection } from './connection.ts';
import type { Journal } from './journal.ts';
import { JournaledAddresses } from './journaled-addresses.ts';
import { JournaledBlocks } from './journaled-blocks.ts';
import { NodeFollower } from './node-follower.ts';

export interface OfflineStoreDeps {
  readonly node: string;
  /** The datastore. */
  readonly remote: IpamStore;
  readonly journal: Journal;
  readonly now: () => Date;
  readonly logger: Logger;
  /** Between two attempts to reach the datastore again. */
  readonly backoff?: Backoff | undefined;
}

/**
 * The store of one node, for as long as the datastore cannot be reached too: within the blocks that the node owns
 * addresses are given and freed by its journal, and the datastore is told when it is back. docs/offline.md says what
 * holds then. Disposing of it closes the journal and the datastore.
 */
export class OfflineStore implements IpamStore, StoreConnection {
  readonly #deps: OfflineStoreDeps;
  readonly #connection: Connection;
  readonly #addresses: JournaledAddresses;
  readonly #blocks: JournaledBlocks;
  readonly #follower: NodeFollower;

  constructor(deps: OfflineStoreDeps) {
    this.#deps = deps;
    const connection = new Connection(deps);
    this.#connection = connection;
    const onLost = this.#report.bind(this);
    this.#addresses = new JournaledAddresses({ ...deps, connection, onLost });
    this.#blocks = new JournaledBlocks({ ...deps, connection, onLost });
    const isAskedFor = this.#addresses.isAskedFor.bind(this.#addresses);
    const isReturning = this.#blocks.isReturning.bind(this.#blocks);
    const isFreeing = this.#addresses.isFreeing.bind(this.#addresses);
    const { underWay } = this.#addresses;
    const asked = { isAskedFor, isReturning, isFreeing };
    this.#follower = new NodeFollower({ ...deps, connection, ...asked, underWay, onLost });
  }

  get isOffline(): boolean {
    return !this.#connection.isOnline;
  }

  get status(): ConnectionStatus {
    const { outage } = this.#connection;
    return this.#deps.journal.read(({ pending, lost }) => ({ outage, pendingWrites: pending.count, lost: lost.all }));
  }

  detached({ containerId, ifname }: { readonly containerId: string; readonly ifname?: string | undefined }): void {
    const isTheirs = ({ record: { assignment } }: LostAddress) =>
      assignment.containerId === containerId && (ifname === undefined || (assignment.ifname ?? ifname) === ifname);
    try {
      const { journal } = this.#deps;
      const theirs = journal.peek(({ lost }) => lost.all).filter(isTheirs);
      for (const { record } of theirs) journal.write(({ lost }) => lost.remove(record));
    } catch (error) {
      this.#deps.logger.warn('cannot note in the journal that a Pod is gone', { containerId, error });
    }
  }

  async allocate(request: AllocateRequest, signal: AbortSignal): Promise<AllocateOutcome> {
    const answer = await this.#addresses.allocate(request, signal);
    // what it had before is not its own, whoever lost it
    if (answer.outcome === 'allocated') this.detached(request.assignment);
    return answer;
  }

  async free(addresses: readonly FreeRequest[], signal: AbortSignal): Promise<FreeOutcome> {
    return await this.#addresses.free(addresses, signal);
  }

  async listAddresses(
    block: IpPrefix,
    signal: AbortSignal,
    unreadable?: CoilError[],
  ): Promise<readonly AddressRecord[]> {
    return await this.#addresses.list(block, signal, unreadable);
  }

  async acquireBlock(request: BlockRequest, signal: AbortSignal, unreadable?: CoilError[]): Promise<AcquiredBlock> {
    return await this.#blocks.acquire(request, signal, unreadable);
  }

  async releaseBlock(node: string, block: PoolBlock, signal: AbortSignal): Promise<ReleaseOutcome> {
    return await this.#blocks.release(node, block, signal);
  }

  /** Of the node whose journal it is. It ends by an error only where neither datastore nor journal has its state. */
  watchNode(node: string, signal: AbortSignal): AsyncIterable<NodeSnapshot | NodeChange> {
    if (node !== this.#deps.node) throw new CoilError('invalid-argument', `the journal is not of node ${node}`);
    return this.#follower.follow(signal);
  }

  /** The journal decides: a node goes on without a datastore that cannot be changed. */
  async checkWritable(signal: AbortSignal): Promise<void> {
    this.#deps.journal.checkWritable();
    if (this.isOffline) return;
    try {
      await this.#connection.call((until) => this.#deps.remote.checkWritable(until), signal);
    } catch (error) {
      if (signal.aborted || !CoilError.is(error, 'store-unavailable')) throw error;
      this.#connection.lost(error);
    }
  }

  // --- as the datastore does, as long as it can be reached

  async createPool(name: string, pool: AddressPool, signal: AbortSignal): Promise<void> {
    await this.#deps.remote.createPool(name, pool, signal);
  }

  async addSubnet(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<void> {
    await this.#deps.remote.addSubnet(name, subnet, signal);
  }

  async deletePool(name: string, signal: AbortSignal): Promise<void> {
    await this.#deps.remote.deletePool(name, signal);
  }

  async removeSubnet(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<void> {
    await this.#deps.remote.removeSubnet(name, subnet, signal);
  }

  async listPools(signal: AbortSignal, unreadable?: CoilError[]): Promise<ReadonlyMap<string, AddressPool>> {
    return await this.#deps.remote.listPools(signal, unreadable);
  }

  async getPool(name: string, signal: AbortSignal): Promise<AddressPool> {
    return await this.#deps.remote.getPool(name, signal);
  }

  async getBlockAssignment(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<BlockAssignment> {
    return await this.#deps.remote.getBlockAssignment(name, subnet, signal);
  }

  async releaseNode(node: string, signal: AbortSignal, unreadable?: CoilError[]): Promise<readonly PoolBlock[]> {
    return await this.#deps.remote.releaseNode(node, signal, unreadable);
  }

  async listNodeBlocks(node: string, signal: AbortSignal): Promise<readonly PoolBlock[]> {
    return await this.#deps.remote.listNodeBlocks(node, signal);
  }

  async listBlocks(signal: AbortSignal, unreadable?: CoilError[]): Promise<ReadonlyMap<string, readonly PoolBlock[]>> {
    return await this.#deps.remote.listBlocks(signal, unreadable);
  }

  async findAddress(address: IpAddress, signal: AbortSignal): Promise<AddressRecord> {
    return await this.#deps.remote.findAddress(address, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#deps.journal[Symbol.asyncDispose]();
    await this.#deps.remote[Symbol.asyncDispose]();
  }

  #report(lost: readonly LostAddress[]): void {
    for (const { record, reason } of lost) {
      const { containerId, namespace, pod } = record.assignment;
      const address = record.block.nth(record.offset).toString();
      this.#deps.logger.error('a Pod lives with an address that is not its own any more; delete it', {
        ...{ namespace, pod, containerId, address, reason },
      });
    }
  }
}
