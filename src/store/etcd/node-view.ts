import type { AddressPool } from '../../model/address-pool.ts';
import type { CoilError } from '../../model/error.ts';
import type { IpAddress } from '../../model/ip-address.ts';
import { IpPrefix } from '../../model/ip-prefix.ts';
import type { NodeChange, NodeSnapshot, PoolBlock, Revision } from '../ipam-store.ts';
import { readAddressAnyhow } from './address-values.ts';
import type { EtcdDatabase } from './etcd-database.ts';
import { readOwner } from './owner-keys.ts';
import { readPool } from './pool-values.ts';
import { found, getAll, type KeyValue, keysFrom } from './transaction.ts';
import type { Watch, WatchEvent, WatchStream } from './watch-stream.ts';

interface OwnedBlock extends PoolBlock {
  readonly watch: Watch;
}

/**
 * What a node owns, kept up to date by watches: one over pools and owners, whose keys are neighbours, and one over the
 * addresses of each block. Turns events into changes. A block is told before any address of it.
 */
export class NodeView {
  readonly #db: EtcdDatabase;
  readonly #node: string;
  readonly #stream: WatchStream;
  readonly #pools: Map<string, AddressPool>;
  readonly #owned = new Map<string, OwnedBlock>();

  constructor(
    db: EtcdDatabase,
    { node, snapshot, stream }: { node: string; snapshot: NodeSnapshot; stream: WatchStream },
  ) {
    this.#db = db;
    this.#node = node;
    this.#stream = stream;
    this.#pools = new Map(snapshot.pools);
    stream.watch(db.keys.owners, endOf(db.keys.pools), snapshot.revision + 1);
    for (const each of snapshot.blocks) this.#follow(each, snapshot.revision + 1);
  }

  get blocks(): readonly PoolBlock[] {
    return [...this.#owned.values()];
  }

  /** The subnets that the node has blocks of, with their pools. */
  get subnets(): readonly { pool: string; subnet: IpPrefix }[] {
    return [...this.#pools].flatMap(([pool, { subnets }]) =>
      subnets
        .filter((subnet) => this.blocks.some(({ block }) => subnet.contains(block.address)))
        .map((subnet) => ({ pool, subnet })),
    );
  }

  /**
   * @throws {CoilError} store-unavailable; corrupt-data for a pool, or for the owner of a block of this node, that cannot
   * be read any more: the next snapshot tells what is left
   */
  async changesOf(event: WatchEvent, signal: AbortSignal): Promise<readonly NodeChange[]> {
    const { keys } = this.#db;
    const { key } = event.entry;
    if (key.startsWith(keys.pools)) return [this.#poolChange(event)];
    if (key.startsWith(keys.owners)) return await this.#ownerChanges(event, signal);
    const block = [...this.#owned.values()].find(({ watch }) => watch === event.watch)?.block;
    return block ? this.#addressChanges(block, event) : [];
  }

  #poolChange({ entry, removed }: WatchEvent): NodeChange {
    const name = this.#db.keys.poolName(entry.key);
    const pool = removed ? undefined : readPool(entry);
    if (pool) this.#pools.set(name, pool);
    else this.#pools.delete(name);
    return { kind: 'pool', name, pool, revision: entry.revision };
  }

  async #ownerChanges({ entry, removed }: WatchEvent, signal: AbortSignal): Promise<readonly NodeChange[]> {
    const address = this.#db.keys.ownedBlock(entry.key);
    if (!address) return [];
    const { revision } = entry;
    const owned = this.#owned.get(String(address));
    const isOurs = !removed && entry.value === this.#node;
    if (owned && !removed) readOwner(entry);
    if (owned && !isOurs) {
      this.#stream.unwatch(owned.watch);
      this.#owned.delete(String(address));
      return [{ kind: 'block', pool: owned.pool, block: owned.block, owned: false, revision }];
    }
    if (owned || !isOurs) return [];
    const place = this.#placeOf(address);
    if (!place) return [];
    const records = await this.#addressesAt(place.block, revision, signal);
    this.#follow(place, revision + 1);
    return [{ kind: 'block', ...place, owned: true, revision }, ...records];
  }

  #addressChanges(block: IpPrefix, { entry, removed }: WatchEvent): readonly NodeChange[] {
    const { revision } = entry;
    const offset = this.#db.keys.offset(block, entry.key);
    if (offset === undefined) return [];
    if (removed) return [{ kind: 'address', slot: { block, offset }, record: undefined, revision }];
    return this.#told(block, entry, revision);
  }

  #told(block: IpPrefix, entry: KeyValue, revision: Revision): readonly NodeChange[] {
    const unreadable: CoilError[] = [];
    const record = readAddressAnyhow(this.#db.keys, block, entry, unreadable);
    if (record === undefined) return [];
    const slot = { block, offset: record.offset };
    return [{ kind: 'address', slot, record, revision, ...(unreadable[0] && { unreadable: unreadable[0] }) }];
  }

  /** A block that a Coil of v1 returned may have addresses still. */
  async #addressesAt(block: IpPrefix, revision: Revision, signal: AbortSignal): Promise<readonly NodeChange[]> {
    const { client, keys } = this.#db;
    const ranges = [getAll(keys.addressesOf(block), { revision })];
    const entries = found(await client.read(`read the addresses of ${block}`, ranges, signal))[0]!;
    return entries.flatMap((entry) => this.#told(block, entry, revision));
  }

  #placeOf(address: IpAddress): PoolBlock | undefined {
    for (const [pool, each] of this.#pools) {
      const subnet = each.subnets.find((candidate) => candidate.contains(address));
      if (subnet) return { pool, block: new IpPrefix(address, each.blockLength(subnet)) };
    }
    return undefined;
  }

  #follow({ pool, block }: PoolBlock, revision: Revision): void {
    const addresses = this.#db.keys.addressesOf(block);
    const watch = this.#stream.watch(addresses, endOf(addresses), revision);
    this.#owned.set(String(block.address), { pool, block, watch });
  }
}

function endOf(prefix: string): string {
  return keysFrom(prefix).rangeEnd;
}
