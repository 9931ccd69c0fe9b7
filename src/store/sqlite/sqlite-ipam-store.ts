import type { AddressPool } from '../../model/address-pool.ts';
import type { BlockAssignment } from '../../model/block-assignment.ts';
import { CoilError } from '../../model/error.ts';
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
import { AddressChanges } from './address-changes.ts';
import { readable } from './address-table.ts';
import { BlockChanges } from './block-changes.ts';
import { ChangeNotifier } from './change-notifier.ts';
import { GroupCommit } from './group-commit.ts';
import { openDatabase } from './open-database.ts';
import { PoolChanges } from './pool-changes.ts';
import { retryWhileBusy } from './retry-while-busy.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { watchNode } from './sqlite-node-watch.ts';
import { openTables, type SqliteTables } from './sqlite-tables.ts';

/** More than acquiring a block and assigning an address write. */
const PAGES_OF_A_CHANGE = 16;

export interface SqliteIpamStoreOptions {
  /** The database's file; its folder must exist. Beside it stand its log, `-wal`, and `-shm`. */
  readonly path: string;
  /** Whether the file is made where it is not there, or empty. Default true. */
  readonly create?: boolean;
  /** How long other processes may hold the write lock before a call fails, in milliseconds. */
  readonly timeoutMs?: number;
  /** How often a watch looks for changes of other processes, in milliseconds. */
  readonly pollMs?: number;
  /** Number of changes that are kept for watches; one that lags further behind has to begin anew. */
  readonly logLength?: number;
}

/**
 * Coil's state in a file, for the programs of a single machine: any number of processes share it, and what a call has
 * acknowledged survives a power cut.
 */
export class SqliteIpamStore implements IpamStore, BootRecord {
  readonly #db: SqliteDatabase;
  readonly #timeoutMs: number;
  readonly #tables: SqliteTables;
  readonly #notifier: ChangeNotifier;
  readonly #commits: GroupCommit;
  readonly #pools: PoolChanges;
  readonly #blocks: BlockChanges;
  readonly #addresses: AddressChanges;

  private constructor(db: SqliteDatabase, options: Required<SqliteIpamStoreOptions>) {
    this.#db = db;
    this.#timeoutMs = options.timeoutMs;
    this.#tables = openTables(db, options.logLength);
    this.#notifier = new ChangeNotifier(db, options.pollMs);
    this.#commits = new GroupCommit(db, { timeoutMs: options.timeoutMs, onCommit: () => this.#notifier.notify() });
    this.#pools = new PoolChanges(this.#tables);
    this.#blocks = new BlockChanges(this.#tables);
    this.#addresses = new AddressChanges(this.#tables);
  }

  /**
   * Opens the database, and creates it with mode 0600 where there is no such file, or an empty one.
   * @throws {CoilError} store-not-found, store-unavailable, invalid-argument (the file is not Coil's, or that of a newer Coil)
   */
  static async open(options: SqliteIpamStoreOptions, signal: AbortSignal): Promise<SqliteIpamStore> {
    const all = { create: true, timeoutMs: 5000, pollMs: 50, logLength: 10_000, ...options };
    return new SqliteIpamStore(await openDatabase(all, signal), all);
  }

  async createPool(name: string, pool: AddressPool, signal: AbortSignal): Promise<void> {
    await this.#commits.submit(() => this.#pools.create(name, pool), signal);
  }

  async addSubnet(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<void> {
    await this.#commits.submit(() => this.#pools.addSubnet(name, subnet), signal);
  }

  async deletePool(name: string, signal: AbortSignal): Promise<void> {
    await this.#commits.submit(() => this.#pools.remove({ name }), signal);
  }

  async removeSubnet(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<void> {
    await this.#commits.submit(() => this.#pools.remove({ name, subnet }), signal);
  }

  async listPools(signal: AbortSignal): Promise<ReadonlyMap<string, AddressPool>> {
    return await this.#read(() => this.#tables.pools.list(), signal);
  }

  async getPool(name: string, signal: AbortSignal): Promise<AddressPool> {
    return await this.#read(() => this.#tables.pools.get(name), signal);
  }

  async getBlockAssignment(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<BlockAssignment> {
    return await this.#read(() => {
      if (!this.#tables.pools.get(name).subnets.some((candidate) => candidate.equals(subnet))) {
        throw new CoilError('subnet-not-found', `not found: pool ${name} has no subnet ${subnet}`);
      }
      return this.#tables.blocks.assignment(subnet);
    }, signal);
  }

  async acquireBlock(request: BlockRequest, signal: AbortSignal): Promise<AcquiredBlock> {
    return await this.#commits.submit(() => this.#blocks.acquire(request), signal);
  }

  async releaseBlock(node: string, block: PoolBlock, signal: AbortSignal): Promise<ReleaseOutcome> {
    return await this.#commits.submit(() => this.#blocks.release(node, block), signal);
  }

  async releaseNode(node: string, signal: AbortSignal): Promise<readonly PoolBlock[]> {
    return await this.#commits.submit(() => this.#blocks.releaseNode(node), signal);
  }

  async listNodeBlocks(node: string, signal: AbortSignal): Promise<readonly PoolBlock[]> {
    return await this.#read(() => this.#tables.blocks.listOf(node), signal);
  }

  async listBlocks(signal: AbortSignal): Promise<ReadonlyMap<string, readonly PoolBlock[]>> {
    return await this.#read(() => this.#tables.blocks.listByNode(), signal);
  }

  async allocate(request: AllocateRequest, signal: AbortSignal): Promise<AllocateOutcome> {
    return await this.#commits.submit(() => this.#addresses.allocate(request), signal);
  }

  async free(addresses: readonly FreeRequest[], signal: AbortSignal): Promise<FreeOutcome> {
    return await this.#commits.submit(() => this.#addresses.free(addresses), signal);
  }

  async listAddresses(
    block: IpPrefix,
    signal: AbortSignal,
    unreadable?: CoilError[],
  ): Promise<readonly AddressRecord[]> {
    const found = await this.#read(() => this.#tables.addresses.listOfBlock(block), signal);
    if (!unreadable) return found.map(readable);
    unreadable.push(...found.flatMap(({ error }) => error ?? []));
    return found.map(({ record }) => record);
  }

  async findAddress(address: IpAddress, signal: AbortSignal): Promise<AddressRecord> {
    return await this.#read(() => {
      const slot = this.#tables.pools.slotOf(address);
      const found = slot && this.#tables.addresses.get(slot);
      if (!found) throw new CoilError('address-not-found', `not found: address ${address} is not assigned`);
      return readable(found);
    }, signal);
  }

  async checkWritable(signal: AbortSignal): Promise<void> {
    // one at a time: the log grows by a page each, so that there is room for a real change
    for (let i = 0; i < PAGES_OF_A_CHANGE; i++) await this.#commits.submit(() => this.#db.touch(), signal);
  }

  watchNode(node: string, signal: AbortSignal): AsyncIterable<NodeSnapshot | NodeChange> {
    const read = <T>(run: () => T, until: AbortSignal) => this.#read(run, until);
    return watchNode({ tables: this.#tables, notifier: this.#notifier, read }, node, signal);
  }

  async readBoot(node: string, signal: AbortSignal): Promise<string | undefined> {
    return await this.#read(() => this.#tables.boots.get(node), signal);
  }

  async writeBoot(node: string, bootId: string, signal: AbortSignal): Promise<void> {
    await this.#commits.submit(() => this.#tables.boots.set(node, bootId), signal);
  }

  /** Ends all watches, and fails calls that still wait for a lock. Repeatable. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#commits.close();
    this.#notifier.fail(this.#closedError());
    this.#db.close();
  }

  async #read<T>(read: () => T, signal: AbortSignal): Promise<T> {
    const attempt = () => {
      if (!this.#db.isOpen) throw this.#closedError();
      return this.#db.snapshot(read);
    };
    return await retryWhileBusy(attempt, { path: this.#db.path, timeoutMs: this.#timeoutMs }, signal);
  }

  #closedError(): CoilError {
    return new CoilError('store-unavailable', `the database ${this.#db.path} was closed`);
  }
}
