import { CoilError } from '../../model/error.ts';
import { type IpAssignment, parseIpAssignment } from '../../model/ip-assignment.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import type { AddressRecord, AddressSlot } from '../ipam-store.ts';
import { readValue } from './block-document.ts';
import type { Keys } from './keys.ts';
import type { KeyValue } from './transaction.ts';

/** What stands in for a value that cannot be read: the address is taken, nobody knows by whom. */
const UNREADABLE: IpAssignment = { containerId: '', namespace: '', pod: '', createdAt: '' };

/** The slot that an `ip/` key of `block` is of. @throws {CoilError} corrupt-data that names the key */
export function readSlot(keys: Keys, block: IpPrefix, key: string): AddressSlot {
  const offset = keys.offset(block, key);
  if (offset === undefined || BigInt(offset) >= block.size)
    throw new CoilError('corrupt-data', `${key}: its last part is not an offset in ${block}`);
  return { block, offset };
}

/** @throws {CoilError} corrupt-data that names the key */
export function readAddress(keys: Keys, block: IpPrefix, { key, value, revision }: KeyValue): AddressRecord {
  const slot = readSlot(keys, block, key);
  return { ...slot, assignment: readValue(key, () => parseIpAssignment(value)), revision };
}

/** Like `readAddress`, but what is wrong with a value goes into `unreadable`; undefined for a key that is no slot. */
export function readAddressAnyhow(
  keys: Keys,
  block: IpPrefix,
  entry: KeyValue,
  unreadable: CoilError[],
): AddressRecord | undefined {
  try {
    return readAddress(keys, block, entry);
  } catch (error) {
    if (!CoilError.is(error, 'corrupt-data')) throw error;
    unreadable.push(error);
    const offset = keys.offset(block, entry.key);
    if (offset === undefined || BigInt(offset) >= block.size) return undefined;
    return { block, offset, assignment: UNREADABLE, revision: entry.revision };
  }
}
