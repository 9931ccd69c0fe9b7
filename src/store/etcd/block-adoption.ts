import { CoilError } from '../../model/error.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import { orderBlocks } from './block-documents.ts';
import type { EtcdDatabase } from './etcd-database.ts';
import { ownerRepairs, readOwners, repairOwners } from './owner-keys.ts';
import { readPools } from './pool-values.ts';
import { found, get, getAll } from './transaction.ts';

const ATTEMPTS = 5;

/**
 * Gives blocks that the node owns by their documents an owner key, as those that a Coil of v1 acquired have none. False
 * where a document says that one of them is not the node's.
 */
export async function adoptBlocks(
  db: EtcdDatabase,
  node: string,
  blocks: readonly IpPrefix[],
  signal: AbortSignal,
): Promise<boolean> {
  const { client, keys } = db;
  const what = `look who owns ${blocks.join(', ')}`;
  const pools = readPools(keys, found(await client.read(what, [getAll(keys.pools)], signal))[0]!);
  const documentKeys = [...pools].flatMap(([name, { subnets }]) =>
    subnets
      .filter((subnet) => blocks.some(({ address }) => subnet.contains(address)))
      .map((subnet) => keys.block(name, subnet)),
  );
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const entries = found(await client.read(what, documentKeys.map(get), signal)).flat();
    const documents = orderBlocks(keys, pools, entries);
    if (!blocks.every((block) => documents.some(({ document }) => document.owns(node, block)))) return false;
    const owners = await readOwners(
      db,
      documents.flatMap(({ document }) => document.blocksOf(node)),
      signal,
    );
    if (await repairOwners(db, ownerRepairs(keys, node, documents, owners), signal)) return true;
  }
  throw new CoilError('conflict', `cannot ${what}: others change it at the same time; try again`);
}
