import { CoilError } from '../../model/error.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import { Backoff } from '../../process/backoff.ts';
import type { PoolBlock, ReleaseOutcome } from '../ipam-store.ts';
import { BlockDocument } from './block-document.ts';
import { orderBlocks, readAllBlocks, type SubnetBlocks } from './block-documents.ts';
import { CHANGE_ATTEMPTS, CHANGE_BACKOFF, type EtcdDatabase } from './etcd-database.ts';
import type { TxnResponse } from './etcd-messages.ts';
import { readPool, withSubnets } from './pool-values.ts';
import { readInto } from './read-into.ts';
import { found, get, getAll, isAt, isEmpty, type KeyValue, put, remove, revisionOf } from './transaction.ts';

/** Blocks and their owners: the document of a subnet is the truth, `owner/` keys follow it in the same transaction. */
export class EtcdBlocks {
  readonly #db: EtcdDatabase;

  constructor(db: EtcdDatabase) {
    this.#db = db;
  }

  async release(node: string, { pool, block }: PoolBlock, signal: AbortSignal): Promise<ReleaseOutcome> {
    const what = `release block ${block} of node ${node}`;
    const subnet = (await this.#readAround(block, pool, what, signal)).find((each) => each.document.owns(node, block));
    if (!subnet) return { outcome: 'not-owned' };
    let { document } = subnet;
    const backoff = new Backoff(CHANGE_BACKOFF);
    for (let attempt = 0; attempt < CHANGE_ATTEMPTS; attempt++) {
      if (attempt > 0 && attempt % 2 === 0) await backoff.wait(signal);
      const response = await this.#releaseEmpty(what, node, { ...subnet, document, block }, signal);
      if (response.succeeded) return { outcome: 'released', revision: revisionOf(response) };
      const [[current], addresses] = found(response) as [KeyValue[], KeyValue[]];
      if (!current) return { outcome: 'not-owned' };
      document = BlockDocument.read(current);
      if (!document.owns(node, block)) return { outcome: 'not-owned' };
      if (addresses.length > 0) return { outcome: 'not-empty' };
    }
    throw new CoilError('conflict', `cannot ${what}: others change its subnet at the same time; try again`);
  }

  async #releaseEmpty(
    what: string,
    node: string,
    { subnet, document, block }: SubnetBlocks & { block: IpPrefix },
    signal: AbortSignal,
  ): Promise<TxnResponse> {
    const { changes, keys } = this.#db;
    const addresses = keys.addressesOf(block);
    return await changes.transact(
      what,
      {
        compare: [isAt(document.key, document.revision), isEmpty(addresses)],
        success: [
          put(document.key, String(document.release(node, [block]))),
          put(keys.subnet(subnet), ''),
          remove(keys.owner(block)),
        ],
        failure: [get(document.key), getAll(addresses, { keysOnly: true, limit: 1 })],
      },
      signal,
    );
  }

  async listOf(node: string, signal: AbortSignal): Promise<readonly PoolBlock[]> {
    const all = await readAllBlocks(this.#db, `list the blocks of node ${node}`, signal);
    return all.flatMap(({ pool, document }) => document.blocksOf(node).map((block) => ({ pool, block })));
  }

  async list(
    signal: AbortSignal,
    unreadable: CoilError[] | undefined,
  ): Promise<ReadonlyMap<string, readonly PoolBlock[]>> {
    const byNode = new Map<string, PoolBlock[]>();
    for (const { pool, document } of await readAllBlocks(this.#db, 'list blocks', signal, unreadable)) {
      for (const node of document.nodes) {
        readInto(unreadable, () => {
          const blocks = document.blocksOf(node).map((block) => ({ pool, block }));
          byNode.set(node, [...(byNode.get(node) ?? []), ...blocks]);
        });
      }
    }
    return new Map([...byNode].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The documents of those subnets of a pool that contain the block. */
  async #readAround(block: IpPrefix, name: string, what: string, signal: AbortSignal): Promise<SubnetBlocks[]> {
    const { client, keys } = this.#db;
    const ranges = [get(keys.pool(name)), getAll(keys.blocksOf(name))];
    const [[entry], documents] = found(await client.read(what, ranges, signal)) as [KeyValue[], KeyValue[]];
    if (!entry) return [];
    const pool = withSubnets(readPool(entry), (subnet) => subnet.contains(block.address));
    return orderBlocks(keys, new Map([[name, pool]]), documents);
  }
}
