import type { AddressPool } from './address-pool.ts';
import { CoilError } from './error.ts';
import type { IpAddress } from './ip-address.ts';
import type { IpPrefix } from './ip-prefix.ts';

/** Nodes, blocks and addresses that a message names, each; the rest is counted. */
const MOST_NAMED = 4;

/** A pool that is to go, or one of its subnets. */
export interface PoolRemoval {
  readonly name: string;
  /** Undefined for the whole pool. */
  readonly subnet?: IpPrefix;
}

/**
 * The subnets that go with a removal, and the pool that is left, undefined where none is.
 * @throws {CoilError} subnet-not-found; invalid-argument for the last subnet, as a pool has at least one
 */
export function planRemoval(
  pool: AddressPool,
  { name, subnet }: PoolRemoval,
): { readonly subnets: readonly IpPrefix[]; readonly left: AddressPool | undefined } {
  if (subnet === undefined) return { subnets: pool.subnets, left: undefined };
  if (!pool.subnets.some((other) => other.equals(subnet)))
    throw new CoilError('subnet-not-found', `not found: pool ${name} has no subnet ${subnet}`);
  const left = pool.withoutSubnet(subnet);
  if (left) return { subnets: [subnet], left };
  throw new CoilError('invalid-argument', `${subnet} is the only subnet of pool ${name}: delete the pool instead`);
}

/**
 * @param owned the blocks of each node, subnet by subnet
 * @throws {CoilError} pool-in-use, naming nodes and blocks, unless there are none
 */
export function refuseOwned(removal: PoolRemoval, owned: readonly ReadonlyMap<string, readonly IpPrefix[]>[]): void {
  const owners = new Map<string, IpPrefix[]>();
  for (const nodes of owned)
    for (const [node, blocks] of nodes) owners.set(node, [...(owners.get(node) ?? []), ...blocks]);
  if (owners.size === 0) return;
  const nodes = [...owners]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([node, blocks]) => `node ${node} owns ${some(blocks, ', ', 'blocks')}`);
  throw new CoilError('pool-in-use', `pool in use: of ${textOf(removal)}, ${some(nodes, '; ', 'nodes')}`);
}

/** Blocks that no node owns, but Pods have addresses of. @throws {CoilError} pool-in-use, unless there are none */
export function refuseAssigned(removal: PoolRemoval, addresses: readonly IpAddress[]): void {
  if (addresses.length === 0) return;
  const named = some(addresses, ', ', 'addresses');
  throw new CoilError('pool-in-use', `pool in use: of ${textOf(removal)}, ${named} assigned, in blocks of no node`);
}

/** `subnet 10.11.0.0/16 of pool web` */
export function textOf({ name, subnet }: PoolRemoval): string {
  return subnet === undefined ? `pool ${name}` : `subnet ${subnet} of pool ${name}`;
}

function some(items: readonly unknown[], separator: string, what: string): string {
  const named = items.slice(0, MOST_NAMED).join(separator);
  const more = items.length - MOST_NAMED;
  return more > 0 ? `${named} and ${more} more ${what}` : named;
}
