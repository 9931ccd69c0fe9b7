import type { AddressPool } from '../../model/address-pool.ts';
import { CoilError } from '../../model/error.ts';
import { IpPrefix } from '../../model/ip-prefix.ts';
import { Backoff } from '../../process/backoff.ts';
import type { AddressRecord, NodeSnapshot, PoolBlock, Revision } from '../ipam-store.ts';
import { readAddressAnyhow } from './address-values.ts';
import { BlockDocument } from './block-document.ts';
import type { SubnetBlocks } from './block-documents.ts';
import { CHANGE_BACKOFF, type EtcdDatabase } from './etcd-database.ts';
import type { Keys } from './keys.ts';
import { ownerRepairs, repairOwners } from './owner-keys.ts';
import { readPool } from './pool-values.ts';
import { found, getAll, type KeyValue, MAX_OPERATIONS, revisionOf } from './transaction.ts';

const ATTEMPTS = 10;

/**
 * Reads what concerns a node at one revision, and makes its owner keys what the block documents say. What cannot be
 * read is told in the snapshot, and does not hinder the rest.
 */
export async function takeSnapshot(db: EtcdDatabase, node: string, signal: AbortSignal): Promise<NodeSnapshot> {
  const { client, keys } = db;
  const backoff = new Backoff(CHANGE_BACKOFF);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await backoff.wait(signal);
    const ranges = [getAll(keys.pools), getAll(keys.blocks), getAll(keys.owners)];
    const response = await client.read(`read what concerns node ${node}`, ranges, signal);
    const [poolEntries, blockEntries, owners] = found(response) as [KeyValue[], KeyValue[], KeyValue[]];
    const revision = revisionOf(response);
    const unreadable: CoilError[] = [];
    const pools = new Map<string, AddressPool>();
    for (const entry of poolEntries)
      readInto(unreadable, () => void pools.set(keys.poolName(entry.key), readPool(entry)));
    const documents = readDocuments(db, { pools, entries: blockEntries, unreadable });
    const blocks: PoolBlock[] = [];
    const readable = documents.filter(({ pool, document }) =>
      readInto(unreadable, () => void blocks.push(...document.blocksOf(node).map((block) => ({ pool, block })))),
    );
    if (!(await repairOwners(db, ownerRepairs(keys, node, readable, owners), signal))) continue;
    const addresses = await readAddresses(db, { blocks, revision, unreadable }, signal);
    return { kind: 'snapshot', revision, pools, blocks, addresses, unreadable };
  }
  throw new CoilError('conflict', `cannot read what concerns node ${node}: its blocks change all the time; try again`);
}

/** The documents that can be read, in the order of pools and subnets; those of a pool that cannot be read come last. */
function readDocuments(
  { keys }: EtcdDatabase,
  {
    pools,
    entries,
    unreadable,
  }: { pools: ReadonlyMap<string, AddressPool>; entries: readonly KeyValue[]; unreadable: CoilError[] },
): SubnetBlocks[] {
  const places = new Map(
    [...pools].flatMap(([pool, { subnets }]) =>
      subnets.map((subnet) => [keys.block(pool, subnet), { pool, subnet }] as const),
    ),
  );
  const rank = new Map([...places.keys()].map((key, i) => [key, i]));
  const documents: SubnetBlocks[] = [];
  for (const entry of entries.toSorted((a, b) => (rank.get(a.key) ?? Infinity) - (rank.get(b.key) ?? Infinity) || 0)) {
    const place = places.get(entry.key) ?? placeOf(keys, entry.key);
    if (place) readInto(unreadable, () => void documents.push({ ...place, document: BlockDocument.read(entry) }));
  }
  return documents;
}

/** Where a document belongs by its key alone: a node keeps its blocks though their pool cannot be read. */
function placeOf(keys: Keys, key: string): { pool: string; subnet: IpPrefix } | undefined {
  const named = keys.blockKey(key);
  return named && { pool: named.pool, subnet: IpPrefix.ofAddress(named.subnet) };
}

/** All addresses of the blocks at the revision, the unreadable ones as taken by nobody known. */
async function readAddresses(
  { client, keys }: EtcdDatabase,
  { blocks, revision, unreadable }: { blocks: readonly PoolBlock[]; revision: Revision; unreadable: CoilError[] },
  signal: AbortSignal,
): Promise<AddressRecord[]> {
  const records: AddressRecord[] = [];
  for (let i = 0; i < blocks.length; i += MAX_OPERATIONS) {
    const some = blocks.slice(i, i + MAX_OPERATIONS);
    const ranges = some.map(({ block }) => getAll(keys.addressesOf(block), { revision }));
    const lists = found(await client.read('read the addresses of the node', ranges, signal));
    for (const [at, { block }] of some.entries()) {
      for (const entry of lists[at]!) {
        const record = readAddressAnyhow(keys, block, entry, unreadable);
        if (record) records.push(record);
      }
    }
  }
  return records;
}

/** False where `read` found data that it cannot read. */
function readInto(unreadable: CoilError[], read: () => void): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (!CoilError.is(error, 'corrupt-data')) throw error;
    unreadable.push(error);
    return false;
  }
}
