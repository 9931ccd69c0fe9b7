import { type AddressPool, isPoolName } from '../../model/address-pool.ts';
import { CoilError } from '../../model/error.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import { type PoolRemoval, planRemoval, refuseOwned } from '../../model/pool-removal.ts';
import { refuseSpecialNetwork } from '../../model/special-network.ts';
import type { SqliteTables } from './sqlite-tables.ts';

/** The changes of pools. Each is to be run in a transaction of its own, and undone where it throws. */
export class PoolChanges {
  readonly #tables: SqliteTables;

  constructor(tables: SqliteTables) {
    this.#tables = tables;
  }

  /** @throws {CoilError} as `IpamStore.createPool` */
  create(name: string, pool: AddressPool): void {
    if (!isPoolName(name)) throw new CoilError('invalid-argument', `invalid pool name: ${JSON.stringify(name)}`);
    pool.validate();
    pool.subnets.forEach(refuseSpecialNetwork);
    const { pools } = this.#tables;
    pools.insert(name, pool.blockSize);
    for (const subnet of pool.subnets) {
      pools.assertUnused(subnet);
      this.#insertSubnet(name, pool, subnet);
    }
    this.#log(name, pool);
  }

  /** @throws {CoilError} as `IpamStore.addSubnet` */
  addSubnet(name: string, subnet: IpPrefix): void {
    refuseSpecialNetwork(subnet);
    const { pools } = this.#tables;
    const pool = pools.get(name);
    // before the pool judges it, since this names the pool that has the subnet
    pools.assertUnused(subnet);
    const grown = pool.withSubnet(subnet);
    this.#insertSubnet(name, grown, subnet);
    this.#log(name, grown);
  }

  /** @throws {CoilError} as `IpamStore.deletePool` and `removeSubnet` */
  remove(removal: PoolRemoval): void {
    const { name } = removal;
    const { pools, blocks } = this.#tables;
    const { subnets, left } = planRemoval(pools.get(name), removal);
    refuseOwned(
      removal,
      subnets.map((subnet) => blocks.assignment(subnet).nodes),
    );
    for (const subnet of subnets) {
      // an address in a block of no node would refuse this: it refers to the block
      blocks.deleteAll(subnet);
      pools.deleteSubnet(subnet);
    }
    if (!left) pools.delete(name);
    this.#log(name, left);
  }

  #insertSubnet(name: string, pool: AddressPool, subnet: IpPrefix): void {
    this.#tables.pools.insertSubnet(name, subnet);
    this.#tables.blocks.insert(subnet, [...subnet.subdivide(pool.blockLength(subnet))]);
  }

  #log(name: string, pool: AddressPool | undefined): void {
    const { log } = this.#tables;
    log.append(null, { kind: 'pool', revision: log.nextRevision, name, pool });
  }
}
