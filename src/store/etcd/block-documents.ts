import type { AddressPool } from '../../model/address-pool.ts';
import type { CoilError } from '../../model/error.ts';
import { IpPrefix } from '../../model/ip-prefix.ts';
import { BlockDocument } from './block-document.ts';
import type { EtcdDatabase } from './etcd-database.ts';
import type { Keys } from './keys.ts';
import { readPools } from './pool-values.ts';
import { readInto } from './read-into.ts';
import { found, getAll, type KeyValue } from './transaction.ts';

/** The block document of one subnet, and where it belongs. */
export interface SubnetBlocks {
  readonly pool: string;
  readonly subnet: IpPrefix;
  readonly document: BlockDocument;
}

/**
 * The documents of all pools, by pool in the order of the names, within a pool in the order of its subnets. What cannot
 * be read goes into `unreadable`, and the rest is given: of a pool that cannot be, the documents, whose keys tell what
 * they are of, come last. Without `unreadable`, it is thrown.
 */
export async function readAllBlocks(
  { client, keys }: EtcdDatabase,
  what: string,
  signal: AbortSignal,
  unreadable?: CoilError[],
): Promise<SubnetBlocks[]> {
  const response = await client.read(what, [getAll(keys.pools), getAll(keys.blocks)], signal);
  const [entries, documents] = found(response) as [KeyValue[], KeyValue[]];
  const pools = readPools(keys, entries, unreadable);
  const lost = entries.map(({ key }) => keys.poolName(key)).filter((name) => !pools.has(name));
  return [
    ...orderBlocks(keys, pools, documents, unreadable),
    ...lost.flatMap((name) => blocksOfLost(keys, name, documents, unreadable)),
  ];
}

/** What cannot be read goes into `unreadable`; without that, it is thrown. */
export function orderBlocks(
  keys: Keys,
  pools: ReadonlyMap<string, AddressPool>,
  documents: readonly KeyValue[],
  unreadable?: CoilError[],
): SubnetBlocks[] {
  const byKey = new Map(documents.map((entry) => [entry.key, entry]));
  const read: SubnetBlocks[] = [];
  for (const [pool, { subnets }] of pools) {
    for (const subnet of subnets) {
      const entry = byKey.get(keys.block(pool, subnet));
      if (entry) readInto(unreadable, () => read.push({ pool, subnet, document: BlockDocument.read(entry) }));
    }
  }
  return read;
}

/** Of a pool that cannot be read; a subnet is its network address only. */
function blocksOfLost(
  keys: Keys,
  name: string,
  documents: readonly KeyValue[],
  unreadable: CoilError[] | undefined,
): SubnetBlocks[] {
  const read: SubnetBlocks[] = [];
  for (const entry of documents) {
    const place = keys.blockKey(entry.key);
    if (place?.pool !== name) continue;
    const subnet = IpPrefix.ofAddress(place.subnet);
    readInto(unreadable, () => read.push({ pool: name, subnet, document: BlockDocument.read(entry) }));
  }
  return read;
}
