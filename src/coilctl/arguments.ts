import { isCreatablePoolName, isPoolName } from '../model/address-pool.ts';
import { CoilError } from '../model/error.ts';
import { IpAddress } from '../model/ip-address.ts';
import { IpPrefix } from '../model/ip-prefix.ts';
import { refuseSpecialNetwork } from '../model/special-network.ts';

/** What the help text says of arguments that several commands take. */
export const POOL_ARGUMENT = 'Name of the pool';
export const SUBNET_ARGUMENT = 'Network such as 10.11.0.0/16 or 2001:db8::/112';
export const ADDRESS_ARGUMENT = 'Address such as 10.11.0.1';

/** The name of a pool to be. @throws {CoilError} invalid-argument */
export function parseNewPoolName(text: string): string {
  if (isCreatablePoolName(text)) return text;
  throw bad('pool name', 'name', text, 'a namespace or "default": a-z, 0-9 and "-", not beginning with "-"');
}

/** The name of a pool that may be there. @throws {CoilError} invalid-argument */
export function parsePoolName(text: string): string {
  if (isPoolName(text)) return text;
  throw bad('pool name', 'name', text, 'the name of a pool, as "coilctl pool list" shows it');
}

/** A network; host bits may be set, and are left out, as in v1. @throws {CoilError} invalid-argument */
export function parseSubnet(text: string): IpPrefix {
  const subnet = IpPrefix.tryParse(text);
  if (subnet !== undefined) return subnet;
  throw new CoilError(
    'invalid-argument',
    `invalid CIDR address: ${text}: subnet takes a network such as 10.11.0.0/16 or 2001:db8::/112`,
  );
}

/** A network of a pool to be. @throws {CoilError} invalid-argument */
export function parseNewSubnet(text: string): IpPrefix {
  const subnet = parseSubnet(text);
  refuseSpecialNetwork(subnet);
  return subnet;
}

/** A number; its range depends on the subnet, and is the pool's to check. @throws {CoilError} invalid-argument */
export function parseBlockSize(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new CoilError(
    'invalid-argument',
    `invalid size: ${text}: size takes the binary logarithm of a block's addresses, a number such as 5 for 32 addresses`,
  );
}

/** @throws {CoilError} invalid-argument */
export function parseAddress(text: string): IpAddress {
  const address = IpAddress.tryParse(text);
  if (address !== undefined) return address;
  throw new CoilError(
    'invalid-argument',
    `invalid IP address: ${text}: address takes one such as 10.11.0.1 or 2001:db8::1, without a length`,
  );
}

/** @throws {CoilError} invalid-argument */
export function parseNodeName(text: string): string {
  if (text !== '' && !/[/\s]/.test(text)) return text;
  throw bad('node name', 'node', text, 'the name of a Kubernetes Node');
}

function bad(what: string, argument: string, text: string, takes: string): CoilError {
  return new CoilError('invalid-argument', `bad ${what}: ${text || '(empty)'}: ${argument} takes ${takes}`);
}
