import { AddressPool } from '../../model/address-pool.ts';
import { CoilError } from '../../model/error.ts';
import type { IpAddress } from '../../model/ip-address.ts';
import { IpPrefix } from '../../model/ip-prefix.ts';
import type { AddressSlot } from '../ipam-store.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { storedPrefix } from './stored-prefix.ts';

interface PoolRow {
  readonly name: string;
  readonly block_size: number;
  readonly prefix: string;
}

/** Pools and their subnets. To be called within a transaction. */
export class PoolTable {
  readonly #db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  has(name: string): boolean {
    return this.#db.get('SELECT 1 FROM pool WHERE name = ?', name) !== undefined;
  }

  /** In the order of their names; each pool's subnets in the order in which they were added. */
  list(): Map<string, AddressPool> {
    const rows = this.#db.all<PoolRow>(
      `SELECT pool.name, pool.block_size, subnet.prefix FROM pool JOIN subnet ON subnet.pool = pool.name
       ORDER BY pool.name, subnet.position`,
    );
    const byName = Map.groupBy(rows, (row) => row.name);
    return new Map([...byName].map(([name, subnets]) => [name, readPool(subnets)]));
  }

  /** @throws {CoilError} pool-not-found */
  get(name: string): AddressPool {
    const rows = this.#db.all<PoolRow>(
      `SELECT pool.name, pool.block_size, subnet.prefix FROM pool JOIN subnet ON subnet.pool = pool.name
       WHERE pool.name = ? ORDER BY subnet.position`,
      name,
    );
    if (rows.length === 0) throw poolNotFound(name);
    return readPool(rows);
  }

  /** The block and offset that an address has where it is of any pool. */
  slotOf(address: IpAddress): AddressSlot | undefined {
    for (const pool of this.list().values()) {
      const subnet = pool.subnets.find((candidate) => candidate.contains(address));
      if (!subnet) continue;
      const block = new IpPrefix(address, pool.blockLength(subnet));
      return { block, offset: Number(block.offsetOf(address)) };
    }
    return undefined;
  }

  /** A pool that has no subnets yet. @throws {CoilError} pool-exists */
  insert(name: string, blockSize: number): void {
    if (this.has(name)) throw new CoilError('pool-exists', `pool already exists: ${name}`);
    this.#db.run('INSERT INTO pool (name, block_size) VALUES (?, ?)', name, blockSize);
  }

  /** Removes a pool that has no subnets any more. */
  delete(name: string): void {
    this.#db.run('DELETE FROM pool WHERE name = ?', name);
  }

  /** Adds a subnet after the pool's others, its blocks apart. */
  insertSubnet(name: string, subnet: IpPrefix): void {
    this.#db.run(
      `INSERT INTO subnet (prefix, pool, position, family)
       SELECT ?, ?, coalesce(max(position) + 1, 0), ? FROM subnet WHERE pool = ?`,
      ...[subnet.toString(), name, subnet.family, name],
    );
  }

  /** Removes a subnet that has no blocks any more. */
  deleteSubnet(subnet: IpPrefix): void {
    this.#db.run('DELETE FROM subnet WHERE prefix = ?', subnet.toString());
  }

  /** @throws {CoilError} subnet-in-use where it overlaps a subnet of any pool */
  assertUnused(subnet: IpPrefix): void {
    for (const [name, pool] of this.list()) {
      const other = pool.subnets.find((candidate) => candidate.overlaps(subnet));
      if (!other) continue;
      throw new CoilError('subnet-in-use', `subnet in use: ${subnet} overlaps ${other} of pool ${name}`);
    }
  }
}

export function poolNotFound(name: string): CoilError {
  return new CoilError('pool-not-found', `not found: there is no pool ${name}`);
}

function readPool(rows: readonly PoolRow[]): AddressPool {
  return new AddressPool(
    rows.map((row) => storedPrefix(row.prefix)),
    rows[0]!.block_size,
  );
}
