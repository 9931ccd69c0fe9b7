import { AddressPool } from '../../model/address-pool.ts';
import { CoilError } from '../../model/error.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import { parseJson } from '../../model/json.ts';
import { readValue } from './block-document.ts';
import type { Keys } from './keys.ts';
import { readInto } from './read-into.ts';
import type { KeyValue } from './transaction.ts';

/** The pool in the value of a `pool/` key. @throws {CoilError} corrupt-data that names the key */
export function readPool({ key, value }: KeyValue): AddressPool {
  return readValue(key, () => AddressPool.fromJSON(parseJson(value)));
}

/** Pools by name, in the order of the names. What cannot be read goes into `unreadable`; without that, it is thrown. */
export function readPools(
  keys: Keys,
  entries: readonly KeyValue[],
  unreadable?: CoilError[],
): Map<string, AddressPool> {
  const pools = new Map<string, AddressPool>();
  for (const entry of entries) readInto(unreadable, () => pools.set(keys.poolName(entry.key), readPool(entry)));
  return pools;
}

/** Those that can be read, and why the others cannot, by name. */
export function readEachPool(keys: Keys, entries: readonly KeyValue[]) {
  const pools = new Map<string, AddressPool>();
  const unreadablePools = new Map<string, CoilError>();
  for (const entry of entries) {
    const name = keys.poolName(entry.key);
    const errors: CoilError[] = [];
    readInto(errors, () => pools.set(name, readPool(entry)));
    if (errors[0]) unreadablePools.set(name, errors[0]);
  }
  return { pools, unreadablePools };
}

/** The pool's new value; members of the old one that we do not know stay. */
export function withPool(old: KeyValue | undefined, pool: AddressPool): string {
  return JSON.stringify(old ? { ...(parseJson(old.value) as object), ...pool.toJSON() } : pool);
}

/** The pool with some of its subnets. */
export function withSubnets({ subnets, blockSize }: AddressPool, has: (subnet: IpPrefix) => boolean): AddressPool {
  return new AddressPool(subnets.filter(has), blockSize);
}

export function poolNotFound(name: string): CoilError {
  return new CoilError('pool-not-found', `not found: pool ${name}`);
}
