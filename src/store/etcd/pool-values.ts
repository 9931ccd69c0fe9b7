import { AddressPool } from '../../model/address-pool.ts';
import { CoilError } from '../../model/error.ts';
import { parseJson } from '../../model/json.ts';
import { readValue } from './block-document.ts';
import type { Keys } from './keys.ts';
import type { KeyValue } from './transaction.ts';

/** The pool in the value of a `pool/` key. @throws {CoilError} corrupt-data that names the key */
export function readPool({ key, value }: KeyValue): AddressPool {
  return readValue(key, () => AddressPool.fromJSON(parseJson(value)));
}

/** Pools by name, in the order of the names. @throws {CoilError} corrupt-data that names the key */
export function readPools(keys: Keys, entries: readonly KeyValue[]): Map<string, AddressPool> {
  return new Map(entries.map((entry) => [keys.poolName(entry.key), readPool(entry)]));
}

/** The pool's new value; members of the old one that we do not know stay. */
export function withPool(old: KeyValue | undefined, pool: AddressPool): string {
  return JSON.stringify(old ? { ...(parseJson(old.value) as object), ...pool.toJSON() } : pool);
}

export function poolNotFound(name: string): CoilError {
  return new CoilError('pool-not-found', `not found: pool ${name}`);
}
