import type { AddressPool } from '../../model/address-pool.ts';
import type { BlockAssignment } from '../../model/block-assignment.ts';
import type { CoilError } from '../../model/error.ts';
import type { IpAddress } from '../../model/ip-address.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import type { BootRecord } from '../boot-record.ts';
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
import type { NodeSessions } from '../node-sessions.ts';
import { acquireBlock } from './block-acquisition.ts';
import { EtcdAddresses } from './etcd-addresses.ts';
import { EtcdBlocks } from './etcd-blocks.ts';
import { EtcdBoots } from './etcd-boots.ts';
import { EtcdClient } from './etcd-client.ts';
import type { EtcdConfig } from './etcd-config.ts';
import { type EtcdDatabase, etcdDatabase } from './etcd-database.ts';
import { releaseNode } from './etcd-node-release.ts';
import { EtcdNodeSessions } from './etcd-node-sessions.ts';
import { type NodeWatchOptions, watchNode } from './etcd-node-watch.ts';
import { EtcdPools } from './etcd-pools.ts';
import { Keys } from './keys.ts';
import { neverPut } from './transaction.ts';

export interface EtcdIpamStoreOptions extends EtcdConfig, NodeWatchOptions {
  /** The node whose coild this is, if it is one: nothing that it got no answer to is done later. */
  readonly node?: string | undefined;
}

/** Coil's state in etcd, by v1's schema and beside Coils of v1. Connects when it is first used. */
export class EtcdIpamStore implements IpamStore, BootRecord {
  readonly sessions: NodeSessions;
  readonly #db: EtcdDatabase;
  readonly #options: EtcdIpamStoreOptions;
  readonly #pools: EtcdPools;
  readonly #blocks: EtcdBlocks;
  readonly #addresses: EtcdAddresses;
  readonly #boots: EtcdBoots;

  /** @throws {CoilError} invalid-argument: an endpoint is no URL, a certificate cannot be read */
  constructor(options: EtcdIpamStoreOptions, client = new EtcdClient(options)) {
    this.#options = options;
    const keys = new Keys(options.prefix ?? '/coil/');
    this.#db = etcdDatabase({ client, keys }, options.node);
    this.#pools = new EtcdPools(this.#db);
    this.#blocks = new EtcdBlocks(this.#db);
    this.#addresses = new EtcdAddresses(this.#db);
    this.#boots = new EtcdBoots(this.#db);
    this.sessions = new EtcdNodeSessions(this.#db);
  }

  /** Number of requests to etcd so far. */
  get requests(): number {
    return this.#db.client.requests;
  }

  async createPool(name: string, pool: AddressPool, signal: AbortSignal): Promise<void> {
    await this.#pools.create(name, pool, signal);
  }

  async addSubnet(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<void> {
    await this.#pools.addSubnet(name, subnet, signal);
  }

  async deletePool(name: string, signal: AbortSignal): Promise<void> {
    await this.#pools.remove({ name }, signal);
  }

  async removeSubnet(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<void> {
    await this.#pools.remove({ name, subnet }, signal);
  }

  async listPools(signal: AbortSignal, unreadable?: CoilError[]): Promise<ReadonlyMap<string, AddressPool>> {
    return await this.#pools.list(signal, unreadable);
  }

  async getPool(name: string, signal: AbortSignal): Promise<AddressPool> {
    return await this.#pools.get(name, signal);
  }

  async getBlockAssignment(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<BlockAssignment> {
    return await this.#pools.blocksOf(name, subnet, signal);
  }

  async acquireBlock(request: BlockRequest, signal: AbortSignal, unreadable: CoilError[] = []): Promise<AcquiredBlock> {
    return await acquireBlock(this.#db, request, signal, unreadable);
  }

  async releaseBlock(node: string, block: PoolBlock, signal: AbortSignal): Promise<ReleaseOutcome> {
    return await this.#blocks.release(node, block, signal);
  }

  async releaseNode(node: string, signal: AbortSignal, unreadable?: CoilError[]): Promise<readonly PoolBlock[]> {
    return await releaseNode(this.#db, node, signal, unreadable);
  }

  async listNodeBlocks(node: string, signal: AbortSignal): Promise<readonly PoolBlock[]> {
    return await this.#blocks.listOf(node, signal);
  }

  async listBlocks(signal: AbortSignal, unreadable?: CoilError[]): Promise<ReadonlyMap<string, readonly PoolBlock[]>> {
    return await this.#blocks.list(signal, unreadable);
  }

  async allocate(request: AllocateRequest, signal: AbortSignal): Promise<AllocateOutcome> {
    return await this.#addresses.allocate(request, signal);
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

  async findAddress(address: IpAddress, signal: AbortSignal): Promise<AddressRecord> {
    return await this.#addresses.find(address, signal);
  }

  async checkWritable(signal: AbortSignal): Promise<void> {
    await this.#db.client.transact('change anything', neverPut(this.#db.keys.owners), signal);
  }

  watchNode(node: string, signal: AbortSignal): AsyncIterable<NodeSnapshot | NodeChange> {
    return watchNode(this.#db, { ...this.#options, node, signal });
  }

  async readBoot(node: string, signal: AbortSignal): Promise<string | undefined> {
    return await this.#boots.readBoot(node, signal);
  }

  async writeBoot(node: string, bootId: string, signal: AbortSignal): Promise<void> {
    await this.#boots.writeBoot(node, bootId, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#db.client[Symbol.asyncDispose]();
  }
}
