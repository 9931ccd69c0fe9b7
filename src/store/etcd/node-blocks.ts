import type { AddressPool } from '../../model/address-pool.ts';
import type { CoilError } from '../../model/error.ts';
import { IpPrefix } from '../../model/ip-prefix.ts';
import type { PoolBlock } from '../ipam-store.ts';
import { BlockDocument } from './block-document.ts';
import type { SubnetBlocks } from './block-documents.ts';
import type { Keys } from './keys.ts';
import { readInto } from './read-into.ts';
import type { KeyValue } from './transaction.ts';

/** What stands in the datastore at one revision. */
export interface BlockEntries {
  /** Those that can be read. */
  readonly pools: ReadonlyMap<string, AddressPool>;
  readonly documents: readonly KeyValue[];
  readonly owners: readonly KeyValue[];
}

type Place = Pick<SubnetBlocks, 'pool' | 'subnet'>;

/**
 * A node's blocks, in the order of pools and subnets. A value that cannot be read must not take blocks from the node,
 * or their routes would be withdrawn: where a pool cannot be read, its name is in the document's key; where a document
 * cannot be read, the owner keys tell.
 */
export class NodeBlocks {
  readonly blocks: PoolBlock[] = [];
  /** The documents that can be read. */
  readonly documents: SubnetBlocks[] = [];
  readonly #keys: Keys;
  readonly #node: string;

  constructor(keys: Keys, node: string) {
    this.#keys = keys;
    this.#node = node;
  }

  read({ pools, documents, owners }: BlockEntries, unreadable: CoilError[]): void {
    const places = new Map<string, Place>();
    for (const [pool, { subnets }] of pools)
      for (const subnet of subnets) places.set(this.#keys.block(pool, subnet), { pool, subnet });
    const entries = new Map(documents.map((entry) => [entry.key, entry]));
    // those of pools that cannot be read come last
    for (const key of new Set([...places.keys(), ...entries.keys()])) {
      const place = places.get(key) ?? this.#placeOf(key);
      const entry = entries.get(key);
      if (!place || !entry) continue;
      const isRead = readInto(unreadable, () => this.#add(place, BlockDocument.read(entry)));
      const pool = pools.get(place.pool);
      if (!isRead && pool) this.#addOwned(place, pool.blockLength(place.subnet), owners);
    }
  }

  #add(place: Place, document: BlockDocument): void {
    this.blocks.push(...document.blocksOf(this.#node).map((block) => ({ pool: place.pool, block })));
    this.documents.push({ ...place, document });
  }

  #addOwned({ pool, subnet }: Place, length: number, owners: readonly KeyValue[]): void {
    for (const { key, value } of owners) {
      const address = value === this.#node ? this.#keys.ownedBlock(key) : undefined;
      if (address && subnet.contains(address)) this.blocks.push({ pool, block: new IpPrefix(address, length) });
    }
  }

  #placeOf(key: string): Place | undefined {
    const named = this.#keys.blockKey(key);
    return named && { pool: named.pool, subnet: IpPrefix.ofAddress(named.subnet) };
  }
}
