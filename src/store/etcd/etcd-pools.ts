import { type AddressPool, isPoolName } from '../../model/address-pool.ts';
import { BlockAssignment } from '../../model/block-assignment.ts';
import { CoilError } from '../../model/error.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import { parseJson } from '../../model/json.ts';
import type { PoolRemoval } from '../../model/pool-removal.ts';
import { refuseSpecialNetwork } from '../../model/special-network.ts';
import { Backoff } from '../../process/backoff.ts';
import { readValue } from './block-document.ts';
import { CHANGE_ATTEMPTS, CHANGE_BACKOFF, type EtcdDatabase } from './etcd-database.ts';
import type { RequestOp } from './etcd-messages.ts';
import { MAX_SUBNETS, removeFromPools } from './etcd-pool-removal.ts';
import { poolNotFound, readPool, readPools, withPool } from './pool-values.ts';
import {
  found,
  get,
  getAll,
  hasNothingNewerThan,
  isAbsent,
  isAt,
  type KeyValue,
  put,
  revisionOf,
} from './transaction.ts';

/** Pools and their subnets. */
export class EtcdPools {
  readonly #db: EtcdDatabase;

  constructor(db: EtcdDatabase) {
    this.#db = db;
  }

  async create(name: string, pool: AddressPool, signal: AbortSignal): Promise<void> {
    if (!isPoolName(name))
      throw new CoilError('invalid-argument', `invalid pool name: ${JSON.stringify(name)} is not ^[a-z0-9][a-z0-9-]*$`);
    pool.validate();
    if (pool.subnets.length > MAX_SUBNETS) {
      const message = `pool ${name} has ${pool.subnets.length} subnets: create it with ${MAX_SUBNETS} at most, and add the others`;
      throw new CoilError('invalid-argument', message);
    }
    pool.subnets.forEach(refuseSpecialNetwork);
    await this.#change(`create pool ${name}`, signal, (pools, current) => {
      if (current.has(name)) throw new CoilError('pool-exists', `pool already exists: ${name}`);
      for (const subnet of pool.subnets) refuseOverlap(subnet, pools);
      return { name, pool, added: pool.subnets };
    });
  }

  async addSubnet(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<void> {
    refuseSpecialNetwork(subnet);
    await this.#change(`add ${subnet} to pool ${name}`, signal, (pools) => {
      const old = pools.get(name);
      if (!old) throw poolNotFound(name);
      refuseOverlap(subnet, pools);
      return { name, pool: old.withSubnet(subnet), added: [subnet] };
    });
  }

  async remove(removal: PoolRemoval, signal: AbortSignal): Promise<void> {
    await removeFromPools(this.#db, removal, signal);
  }

  async list(signal: AbortSignal, unreadable: CoilError[] | undefined): Promise<ReadonlyMap<string, AddressPool>> {
    const { client, keys } = this.#db;
    const response = await client.read('list pools', [getAll(keys.pools)], signal);
    return readPools(keys, found(response)[0]!, unreadable);
  }

  async get(name: string, signal: AbortSignal): Promise<AddressPool> {
    const { client, keys } = this.#db;
    const response = await client.read(`read pool ${name}`, [get(keys.pool(name))], signal);
    const entry = found(response)[0]?.[0];
    if (!entry) throw poolNotFound(name);
    return readPool(entry);
  }

  async blocksOf(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<BlockAssignment> {
    const { client, keys } = this.#db;
    const ranges = [get(keys.pool(name)), get(keys.block(name, subnet))];
    const [[pool], [blocks]] = found(await client.read(`read the blocks of ${subnet}`, ranges, signal)) as [
      KeyValue[],
      KeyValue[],
    ];
    if (!pool) throw poolNotFound(name);
    // a network of the same address but another length is not that subnet
    if (!blocks || !readPool(pool).subnets.some((each) => each.equals(subnet)))
      throw new CoilError('subnet-not-found', `not found: pool ${name} has no subnet ${subnet}`);
    return readValue(blocks.key, () => BlockAssignment.fromJSON(parseJson(blocks.value)));
  }

  /**
   * Writes what `decide` makes of all pools, unless a pool or a subnet came to be in the meantime: then it decides
   * anew. What `decide` throws ends it.
   */
  async #change(what: string, signal: AbortSignal, decide: Decide): Promise<void> {
    const { client, keys } = this.#db;
    const backoff = new Backoff(CHANGE_BACKOFF);
    for (let attempt = 0; attempt < CHANGE_ATTEMPTS; attempt++) {
      if (attempt > 0) await backoff.wait(signal);
      const response = await client.read(what, [getAll(keys.pools)], signal);
      const entries = new Map(found(response)[0]!.map((entry) => [keys.poolName(entry.key), entry]));
      const { name, pool, added } = decide(readPools(keys, [...entries.values()]), entries);
      const old = entries.get(name);
      const changed = await client.transact(
        what,
        {
          compare: [
            old ? isAt(keys.pool(name), old.revision) : isAbsent(keys.pool(name)),
            hasNothingNewerThan(keys.subnets, revisionOf(response)),
          ],
          success: [put(keys.pool(name), withPool(old, pool)), ...added.flatMap((each) => this.#add(name, pool, each))],
        },
        signal,
      );
      if (changed.succeeded) return;
    }
    throw new CoilError('conflict', `cannot ${what}: others change pools at the same time; try again`);
  }

  #add(name: string, pool: AddressPool, subnet: IpPrefix): RequestOp[] {
    const { keys } = this.#db;
    const blocks = JSON.stringify(BlockAssignment.empty(pool, subnet));
    return [put(keys.subnet(subnet), ''), put(keys.block(name, subnet), blocks)];
  }
}

type Decide = (
  pools: ReadonlyMap<string, AddressPool>,
  entries: ReadonlyMap<string, KeyValue>,
) => { name: string; pool: AddressPool; added: readonly IpPrefix[] };

function refuseOverlap(subnet: IpPrefix, pools: ReadonlyMap<string, AddressPool>): void {
  for (const [name, pool] of pools) {
    const taken = pool.subnets.find((other) => other.overlaps(subnet));
    if (taken) throw new CoilError('subnet-in-use', `subnet in use: ${subnet} overlaps ${taken} of pool ${name}`);
  }
}
