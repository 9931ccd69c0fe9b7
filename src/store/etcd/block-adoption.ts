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
 * @throws {CoilError} corrupt-data, where a pool or document that may be of these blocks cannot be read
 */
export async function adoptBlocks(
  db: EtcdDatabase,
  node: string,
  blocks: readonly IpPrefix[],
  signal: AbortSignal,
): Promise<boolean> {
  const { client, keys } = db;
  const what = `look who owns ${blocks.join(', ')}`;
  const unreadable: CoilError[] = [];
  const pools = readPools(keys, found(await client.read(what, [getAll(keys.pools)], signal))[0]!, unreadable);
  const places = [...pools].flatMap(([name, { subnets }]) =>
    subnets
      .filter((subnet) => blocks.some(({ address }) => subnet.contains(address)))
      .map((subnet) => ({ subnet, key: keys.block(name, subnet) })),
  );
  // a block of a pool that cannot be read is the node's or not
  const isPlaced = ({ address }: IpPrefix) => places.some(({ subnet }) => subnet.contains(address));
  if (unreadable[0] && !blocks.every(isPlaced)) throw unreadable[0];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const entries = found(
      await client.read(
        what,
        places.map(({ key }) => get(key)),
        signal,
      ),
    ).flat();
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
