import type { AddressPool } from '../model/address-pool.ts';
import type { BlockAssignment } from '../model/block-assignment.ts';
import type { CoilError } from '../model/error.ts';
import type { IpAddress } from '../model/ip-address.ts';
import type { IpPrefix } from '../model/ip-prefix.ts';
import type {
  AcquiredBlock,
  AddressRecord,
  AllocateOutcome,
  AllocateRequest,
  BlockRequest,
  FreeOutcome,
  FreeRequest,
  NodeChange,
  NodeSnapshot,
  PoolBlock,
  ReleaseOutcome,
} from './ipam-store.ts';
import type { HoldOutcome, NodeHolder, NodeSessions } from './node-sessions.ts';
import type { OpenedStore } from './open-store.ts';

/** A datastore that is being opened: until that is done, each call fails at once with the reason. */
export class DeferredStore implements OpenedStore {
  readonly sessions: NodeSessions;
  readonly #closing = new AbortController();
  readonly #opening: Promise<void>;
  #store: OpenedStore | undefined;
  #reason: unknown;

  /**
   * @param reason why it is not open yet: a CoilError store-unavailable
   * @param open gives undefined where its signal is aborted before; what it throws is the reason from then on
   */
  constructor(reason: unknown, open: (signal: AbortSignal) => Promise<OpenedStore | undefined>) {
    this.#reason = reason;
    this.#opening = this.#open(open);
    this.sessions = {
      hold: async (node: string, holder: NodeHolder, signal: AbortSignal): Promise<HoldOutcome> =>
        (await this.#opened.sessions?.hold(node, holder, signal)) ?? { outcome: 'held' },
      end: async (node: string, signal: AbortSignal) => await this.#store?.sessions?.end(node, signal),
    };
  }

  async createPool(name: string, pool: AddressPool, signal: AbortSignal): Promise<void> {
    await this.#opened.createPool(name, pool, signal);
  }

  async addSubnet(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<void> {
    await this.#opened.addSubnet(name, subnet, signal);
  }

  async deletePool(name: string, signal: AbortSignal): Promise<void> {
    await this.#opened.deletePool(name, signal);
  }

  async removeSubnet(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<void> {
    await this.#opened.removeSubnet(name, subnet, signal);
  }

  async listPools(signal: AbortSignal, unreadable?: CoilError[]): Promise<ReadonlyMap<string, AddressPool>> {
    return await this.#opened.listPools(signal, unreadable);
  }

  async getPool(name: string, signal: AbortSignal): Promise<AddressPool> {
    return await this.#opened.getPool(name, signal);
  }

  async getBlockAssignment(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<BlockAssignment> {
    return await this.#opened.getBlockAssignment(name, subnet, signal);
  }

  async acquireBlock(request: BlockRequest, signal: AbortSignal, unreadable?: CoilError[]): Promise<AcquiredBlock> {
    return await this.#opened.acquireBlock(request, signal, unreadable);
  }

  async releaseBlock(node: string, block: PoolBlock, signal: AbortSignal): Promise<ReleaseOutcome> {
    return await this.#opened.releaseBlock(node, block, signal);
  }

  async releaseNode(node: string, signal: AbortSignal, unreadable?: CoilError[]): Promise<readonly PoolBlock[]> {
    return await this.#opened.releaseNode(node, signal, unreadable);
  }

  async listNodeBlocks(node: string, signal: AbortSignal): Promise<readonly PoolBlock[]> {
    return await this.#opened.listNodeBlocks(node, signal);
  }

  async listBlocks(signal: AbortSignal, unreadable?: CoilError[]): Promise<ReadonlyMap<string, readonly PoolBlock[]>> {
    return await this.#opened.listBlocks(signal, unreadable);
  }

  async allocate(request: AllocateRequest, signal: AbortSignal): Promise<AllocateOutcome> {
    return await this.#opened.allocate(request, signal);
  }

  async free(addresses: readonly FreeRequest[], signal: AbortSignal): Promise<FreeOutcome> {
    return await this.#opened.free(addresses, signal);
  }

  async listAddresses(
    block: IpPrefix,
    signal: AbortSignal,
    unreadable?: CoilError[],
  ): Promise<readonly AddressRecord[]> {
    return await this.#opened.listAddresses(block, signal, unreadable);
  }

  async findAddress(address: IpAddress, signal: AbortSignal): Promise<AddressRecord> {
    return await this.#opened.findAddress(address, signal);
  }

  async checkWritable(signal: AbortSignal): Promise<void> {
    await this.#opened.checkWritable(signal);
  }

  async *watchNode(node: string, signal: AbortSignal): AsyncGenerator<NodeSnapshot | NodeChange, void, undefined> {
    yield* this.#opened.watchNode(node, signal);
  }

  async readBoot(node: string, signal: AbortSignal): Promise<string | undefined> {
    return await this.#opened.readBoot(node, signal);
  }

  async writeBoot(node: string, bootId: string, signal: AbortSignal): Promise<void> {
    await this.#opened.writeBoot(node, bootId, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#opening;
    await this.#store?.[Symbol.asyncDispose]();
  }

  get #opened(): OpenedStore {
    if (this.#store) return this.#store;
    throw this.#reason;
  }

  async #open(open: (signal: AbortSignal) => Promise<OpenedStore | undefined>): Promise<void> {
    try {
      this.#store = await open(this.#closing.signal);
    } catch (error) {
      this.#reason = error;
    }
  }
}
