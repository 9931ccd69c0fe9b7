import type { AddressPool } from '../../model/address-pool.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import { BlockDocument } from './block-document.ts';
import type { EtcdDatabase } from './etcd-database.ts';
import type { Keys } from './keys.ts';
import { readPools } from './pool-values.ts';
import { found, getAll, type KeyValue } from './transaction.ts';

/** The block document of one subnet, and where it belongs. */
export interface SubnetBlocks {
  readonly pool: string;
  readonly subnet: IpPrefix;
  readonly document: BlockDocument;
}

/** The documents of all pools, by pool in the order of the names, within a pool in the order of its subnets. */
export async function readAllBlocks(
  { client, keys }: EtcdDatabase,
  what: string,
  signal: AbortSignal,
): Promise<SubnetBlocks[]> {
  const response = await client.read(what, [getAll(keys.pools), getAll(keys.blocks)], signal);
  const [pools, documents] = found(response) as [KeyValue[], KeyValue[]];
  return orderBlocks(keys, readPools(keys, pools), documents);
}

/** @throws {CoilError} corrupt-data that names the key */
export function orderBlocks(
  keys: Keys,
  pools: ReadonlyMap<string, AddressPool>,
  documents: readonly KeyValue[],
): SubnetBlocks[] {
  const byKey = new Map(documents.map((entry) => [entry.key, entry]));
  return [...pools].flatMap(([pool, { subnets }]) =>
    subnets.flatMap((subnet) => {
      const entry = byKey.get(keys.block(pool, subnet));
      return entry ? [{ pool, subnet, document: BlockDocument.read(entry) }] : [];
    }),
  );
}
