import { CoilError } from './error.ts';
import { IpPrefix } from './ip-prefix.ts';

/** Addresses that no host can have, or that no router forwards (IANA's special-purpose registries, RFC 6890). */
const SPECIAL: readonly (readonly [network: IpPrefix, kind: string])[] = [
  [IpPrefix.parse('0.0.0.0/8'), 'unspecified addresses'],
  [IpPrefix.parse('127.0.0.0/8'), 'loopback addresses'],
  [IpPrefix.parse('169.254.0.0/16'), 'link-local addresses'],
  [IpPrefix.parse('224.0.0.0/4'), 'multicast addresses'],
  [IpPrefix.parse('255.255.255.255/32'), 'the broadcast address'],
  [IpPrefix.parse('::/128'), 'the unspecified address'],
  [IpPrefix.parse('::1/128'), 'the loopback address'],
  [IpPrefix.parse('fe80::/10'), 'link-local addresses'],
  [IpPrefix.parse('ff00::/8'), 'multicast addresses'],
];

/**
 * Refuses a subnet for a pool, where Pods could not be reached by some of its addresses. A pool that has one already, as
 * v1 took any, can still be read and used.
 * @throws {CoilError} invalid-argument that names the subnet
 */
export function refuseSpecialNetwork(subnet: IpPrefix): void {
  const found = SPECIAL.find(([network]) => network.overlaps(subnet));
  if (found === undefined) return;
  const [network, kind] = found;
  throw new CoilError('invalid-argument', `invalid subnet: ${subnet} has ${kind} (${network}), which no Pod can have`);
}
