import { CoilError } from '../../model/error.ts';
import { Backoff } from '../../process/backoff.ts';
import type { AddressRecord, NodeSnapshot, PoolBlock, Revision } from '../ipam-store.ts';
import { readAddressAnyhow } from './address-values.ts';
import { CHANGE_BACKOFF, type EtcdDatabase } from './etcd-database.ts';
import { NodeBlocks } from './node-blocks.ts';
import { ownerRepairs, readOwner, repairOwners } from './owner-keys.ts';
import { readEachPool } from './pool-values.ts';
import { readInto } from './read-into.ts';
import { clusterOf, found, getAll, type KeyValue, MAX_OPERATIONS, revisionOf } from './transaction.ts';

const ATTEMPTS = 10;

/**
 * Reads what concerns a node at one revision, and makes its owner keys what the block documents say, whatever they are.
 * What cannot be read is told in the snapshot, and does not hinder the rest.
 */
export async function takeSnapshot(db: EtcdDatabase, node: string, signal: AbortSignal): Promise<NodeSnapshot> {
  const { client, keys, changes } = db;
  const what = `read what concerns node ${node}`;
  await changes.settled(what, signal);
  const backoff = new Backoff(CHANGE_BACKOFF);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await backoff.wait(signal);
    const ranges = [getAll(keys.pools), getAll(keys.blocks), getAll(keys.owners)];
    const response = await client.read(what, ranges, signal);
    const [poolEntries, documents, owners] = found(response) as [KeyValue[], KeyValue[], KeyValue[]];
    const revision = revisionOf(response);
    const { pools, unreadablePools } = readEachPool(keys, poolEntries);
    const unreadable = [...unreadablePools.values()];
    const read = new NodeBlocks(keys, node);
    read.read({ pools, documents, owners }, unreadable);
    const { blocks } = read;
    if (!(await repairOwners(db, ownerRepairs(keys, node, read.documents, owners), signal))) continue;
    const repaired: CoilError[] = [];
    const own = new Set(blocks.map(({ block }) => keys.owner(block)));
    for (const entry of owners) readInto(own.has(entry.key) ? repaired : unreadable, () => readOwner(entry));
    const addresses = await readAddresses(db, { blocks, revision, unreadable }, signal);
    const told = { unreadable, unreadablePools, repaired };
    const rest = { pools, blocks, addresses, ...told };
    return { kind: 'snapshot', datastore: clusterOf(response), revision, ...rest };
  }
  throw new CoilError('conflict', `cannot read what concerns node ${node}: its blocks change all the time; try again`);
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
