import { CoilError } from '../../model/error.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import { Backoff } from '../../process/backoff.ts';
import type { PoolBlock } from '../ipam-store.ts';
import { BlockDocument } from './block-document.ts';
import { readAllBlocks, type SubnetBlocks } from './block-documents.ts';
import { readRequests } from './block-request.ts';
import { CHANGE_ATTEMPTS, CHANGE_BACKOFF, type EtcdDatabase } from './etcd-database.ts';
import { found, get, getAll, isAt, MAX_OPERATIONS, put, remove, removeAll, revisionOf } from './transaction.ts';

/** A transaction writes a document and its subnet's key, and removes two ranges a block. */
const MAX_BLOCKS = Math.floor((MAX_OPERATIONS - 2) / 2);

/**
 * Takes all blocks from a node, and frees their addresses: at most `MAX_BLOCKS` of a subnet at once. What cannot be read
 * goes into `unreadable`, and the node may have blocks there; without that, it is thrown.
 */
export async function releaseNode(
  db: EtcdDatabase,
  node: string,
  signal: AbortSignal,
  unreadable: CoilError[] | undefined,
): Promise<readonly PoolBlock[]> {
  await dropRequests(db, node, signal, unreadable);
  const taken: PoolBlock[] = [];
  const kept: CoilError[] | undefined = unreadable && [];
  for (const subnet of await readAllBlocks(db, `release node ${node}`, signal, kept)) {
    try {
      for await (const block of releaseSubnet(db, node, subnet, signal)) taken.push({ pool: subnet.pool, block });
    } catch (error) {
      if (!kept || !CoilError.is(error, 'corrupt-data')) throw error;
      kept.push(error);
    }
  }
  unreadable?.push(...(kept ?? []));
  if (kept && kept.length > 0) return taken;
  // nothing is left of what was attached in any boot
  const forget = { success: [remove(db.keys.boot(node)), remove(db.keys.term(node))] };
  await db.client.transact(`forget the boot of node ${node}`, forget, signal);
  return taken;
}

/** What the node asked for before it was gone, so that nobody gives it a block. */
async function dropRequests(
  { client, keys }: EtcdDatabase,
  node: string,
  signal: AbortSignal,
  unreadable: CoilError[] | undefined,
): Promise<void> {
  const what = `drop the requests of node ${node}`;
  const entries = found(await client.read(what, [getAll(keys.requestsOfAll)], signal))[0]!;
  const requests = readRequests(entries, unreadable);
  const dropped = requests.filter((request) => request.node === node).slice(0, MAX_OPERATIONS);
  if (dropped.length > 0) await client.transact(what, { success: dropped.map(({ key }) => remove(key)) }, signal);
}

/** The blocks, as they are taken. */
async function* releaseSubnet(
  { client, keys }: EtcdDatabase,
  node: string,
  { subnet, document }: SubnetBlocks,
  signal: AbortSignal,
): AsyncGenerator<IpPrefix, void, undefined> {
  const what = `release the blocks of node ${node} in ${subnet}`;
  const backoff = new Backoff(CHANGE_BACKOFF);
  let current = document;
  for (let failures = 0; failures < CHANGE_ATTEMPTS; ) {
    const blocks = current.blocksOf(node).slice(0, MAX_BLOCKS);
    if (blocks.length === 0) return;
    const released = current.release(node, blocks);
    const response = await client.transact(
      what,
      {
        compare: [isAt(current.key, current.revision)],
        success: [
          put(current.key, String(released)),
          put(keys.subnet(subnet), ''),
          ...blocks.flatMap((block) => [removeAll(keys.addressesOf(block)), remove(keys.owner(block))]),
        ],
        failure: [get(current.key)],
      },
      signal,
    );
    if (response.succeeded) {
      yield* blocks;
      current = released.at(revisionOf(response));
      continue;
    }
    const changed = found(response)[0]?.[0];
    if (!changed) return;
    current = BlockDocument.read(changed);
    if (++failures % 2 === 0) await backoff.wait(signal);
  }
  throw new CoilError('conflict', `cannot ${what}: others change its subnet at the same time; try again`);
}
