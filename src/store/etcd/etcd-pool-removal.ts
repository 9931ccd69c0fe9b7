import type { AddressPool } from '../../model/address-pool.ts';
import { CoilError } from '../../model/error.ts';
import type { IpAddress } from '../../model/ip-address.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import { type PoolRemoval, planRemoval, refuseAssigned, refuseOwned, textOf } from '../../model/pool-removal.ts';
import { Backoff } from '../../process/backoff.ts';
import { readSlot } from './address-values.ts';
import type { BlockDocument } from './block-document.ts';
import { orderBlocks, type SubnetBlocks } from './block-documents.ts';
import { CHANGE_ATTEMPTS, CHANGE_BACKOFF, type EtcdDatabase } from './etcd-database.ts';
import type { TxnRequest } from './etcd-messages.ts';
import { ownerRepairs, repairOwners } from './owner-keys.ts';
import { poolNotFound, readPools, withPool, withSubnets } from './pool-values.ts';
import { found, getAll, isAbsent, isAt, type KeyValue, MAX_OPERATIONS, put, remove, removeAll } from './transaction.ts';

/** That come or go at once. Of a transaction's operations, two are for each subnet, and two at most for the pool. */
export const MAX_SUBNETS = (MAX_OPERATIONS - 2) / 2;

/** What goes, and all that it was decided by. */
interface Plan {
  readonly pool: KeyValue;
  /** What is left of the pool; undefined where it goes too. */
  readonly left: AddressPool | undefined;
  readonly subnets: readonly IpPrefix[];
  /** The documents of these subnets, none of which has a node. */
  readonly documents: readonly SubnetBlocks[];
  /** Blocks of these documents that are free there, and nobody's elsewhere. */
  readonly free: readonly IpPrefix[];
  /** Owner keys that a Coil of v1 left behind. */
  readonly staleOwners: readonly KeyValue[];
}

/**
 * Removes a pool, or one subnet of it, in one transaction, which holds where the pool and the block documents are as
 * they were when no node had a block of them. An acquisition compares the same documents, so one of the two fails.
 */
export async function removeFromPools(db: EtcdDatabase, removal: PoolRemoval, signal: AbortSignal): Promise<void> {
  const what = `remove ${textOf(removal)}`;
  const backoff = new Backoff(CHANGE_BACKOFF);
  for (let attempt = 0; attempt < CHANGE_ATTEMPTS; attempt++) {
    if (attempt > 0) await backoff.wait(signal);
    const plan = await readPlan(db, { removal, what }, signal);
    refuseAssigned(removal, await addressesOf(db, plan.free, signal));
    if (!(await repairOwners(db, staleOwnerRepairs(db, plan), signal))) continue;
    const { succeeded } = await db.client.transact(what, transactionOf(db, plan), signal);
    if (succeeded) return;
  }
  throw new CoilError('conflict', `cannot ${what}: others change it at the same time; try again`);
}

async function readPlan(
  { client, keys }: EtcdDatabase,
  { removal, what }: { removal: PoolRemoval; what: string },
  signal: AbortSignal,
): Promise<Plan> {
  const ranges = [getAll(keys.pools), getAll(keys.blocks), getAll(keys.owners)];
  const [poolEntries, entries, owners] = found(await client.read(what, ranges, signal)) as [
    KeyValue[],
    KeyValue[],
    KeyValue[],
  ];
  const { name } = removal;
  const pools = readPools(keys, poolEntries);
  const pool = pools.get(name);
  if (!pool) throw poolNotFound(name);
  const { subnets, left } = planRemoval(pool, removal);
  if (subnets.length > MAX_SUBNETS) {
    const message = `pool ${name} has ${subnets.length} subnets: remove some first, ${MAX_SUBNETS} can go at once`;
    throw new CoilError('invalid-argument', message);
  }
  const all = orderBlocks(keys, overlapping(pools, subnets), entries);
  const goes = (each: SubnetBlocks) => each.pool === name && subnets.some((subnet) => subnet.equals(each.subnet));
  const documents = all.filter(goes);
  refuseOwned(
    removal,
    documents.map(({ document }) => new Map(document.nodes.map((node) => [node, document.blocksOf(node)]))),
  );
  // v1 let subnets overlap: then a block that goes may be a node's by another document
  const others = all.filter((each) => !goes(each)).flatMap(({ document }) => ownedBy(document));
  const isOthers = (address: IpAddress) => others.some((block) => block.address.equals(address));
  const isStale = (address: IpAddress | undefined) =>
    address !== undefined && subnets.some((subnet) => subnet.contains(address)) && !isOthers(address);
  return {
    pool: poolEntries.find(({ key }) => key === keys.pool(name))!,
    left,
    subnets,
    documents,
    free: documents.flatMap(({ document }) => document.freeList).filter(({ address }) => !isOthers(address)),
    staleOwners: owners.filter(({ key }) => isStale(keys.ownedBlock(key))),
  };
}

/** The pools with those of their subnets that overlap one of `subnets`. */
function overlapping(pools: ReadonlyMap<string, AddressPool>, subnets: readonly IpPrefix[]): Map<string, AddressPool> {
  const overlaps = (each: IpPrefix) => subnets.some((subnet) => subnet.overlaps(each));
  return new Map([...pools].map(([name, pool]) => [name, withSubnets(pool, overlaps)]));
}

function ownedBy(document: BlockDocument): IpPrefix[] {
  return document.nodes.flatMap((node) => document.blocksOf(node));
}

/** An address of each of the blocks that has any: what v1 left when it returned blocks with Pods in them. */
async function addressesOf(
  { client, keys }: EtcdDatabase,
  blocks: readonly IpPrefix[],
  signal: AbortSignal,
): Promise<readonly IpAddress[]> {
  const addresses: IpAddress[] = [];
  for (let i = 0; i < blocks.length; i += MAX_OPERATIONS) {
    const some = blocks.slice(i, i + MAX_OPERATIONS);
    const ranges = some.map((block) => getAll(keys.addressesOf(block), { keysOnly: true, limit: 1 }));
    const lists = found(await client.read('look for addresses in free blocks', ranges, signal));
    for (const [at, block] of some.entries())
      addresses.push(...lists[at]!.map(({ key }) => block.nth(readSlot(keys, block, key).offset)));
  }
  return addresses;
}

/** A node that still trusts such a key gives out no address any more. */
function staleOwnerRepairs({ keys }: EtcdDatabase, { documents, staleOwners }: Plan): TxnRequest[] {
  const nodes = new Set(staleOwners.map(({ value }) => value));
  return [...nodes].flatMap((node) => ownerRepairs(keys, node, documents, staleOwners));
}

function transactionOf({ keys }: EtcdDatabase, { pool, left, subnets, documents }: Plan): TxnRequest {
  const name = keys.poolName(pool.key);
  const revisions = new Map(documents.map(({ document: { key, revision } }) => [key, revision]));
  return {
    compare: [
      isAt(pool.key, pool.revision),
      ...subnets.map((subnet) => {
        const key = keys.block(name, subnet);
        const revision = revisions.get(key);
        return revision === undefined ? isAbsent(key) : isAt(key, revision);
      }),
    ],
    success: [
      // who waits for a block of the pool looks what there is, and is told
      ...(left ? [put(pool.key, withPool(pool, left))] : [remove(pool.key), removeAll(keys.requestsOf(name))]),
      ...subnets.flatMap((subnet) => [remove(keys.subnet(subnet)), remove(keys.block(name, subnet))]),
    ],
  };
}
