import { AddressPool } from './address-pool.ts';
import { BlockAssignment } from './block-assignment.ts';
import type { IpPrefix } from './ip-prefix.ts';

/**
 * The assignment of a new subnet: all its blocks of 2^`blockSize` addresses, free, in ascending order.
 * @throws {CoilError} invalid-argument: the subnet would have no block, or more than 2^14
 */
export function emptyAssignment(subnet: IpPrefix, blockSize: number): BlockAssignment {
  const pool = new AddressPool([subnet], blockSize);
  pool.validate();
  return BlockAssignment.empty(pool, subnet);
}
