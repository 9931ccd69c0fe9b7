import type { IpPrefix } from '../../model/ip-prefix.ts';
import { sleep } from '../../process/backoff.ts';
import { BlockDocument } from './block-document.ts';
import type { SubnetBlocks } from './block-documents.ts';
import type { EtcdDatabase } from './etcd-database.ts';
import type { KeyValueMessage } from './etcd-messages.ts';
import type { NodeView } from './node-view.ts';
import { ownerRepairs, readOwners, repairOwners } from './owner-keys.ts';
import { readInto } from './read-into.ts';
import { found, get, getAll, MAX_OPERATIONS } from './transaction.ts';

/**
 * Notices that a Coil of v1 changed a block document that the node has blocks in: it does not write owner keys. Watching
 * the documents would bring each of them, of up to 300 KB, to every node with every acquisition of any node. We write
 * the subnet's key with each change of the document, and v1 does not: as long as the versions of the two keep their
 * distance, nobody else wrote, and only versions are read. Repairing the owner keys then tells those who watch them.
 */
export class DocumentCheck {
  readonly #db: EtcdDatabase;
  readonly #node: string;
  /** What the versions said when the document was last compared, by the document's key. */
  readonly #seen = new Map<string, string>();

  constructor(db: EtcdDatabase, node: string) {
    this.#db = db;
    this.#node = node;
  }

  /** Checks every `intervalMs`, more or less, so that nodes started together do not stay together. Ends by an error. */
  async run(view: OwnedSubnets, intervalMs: number, signal: AbortSignal): Promise<never> {
    for (;;) {
      await sleep(intervalMs * (0.5 + Math.random()), signal);
      await this.check(view, signal);
    }
  }

  async check(view: OwnedSubnets, signal: AbortSignal): Promise<void> {
    const { client, keys } = this.#db;
    const { subnets } = view;
    if (subnets.length === 0) return;
    const ranges = [getAll(keys.blocks, { keysOnly: true }), getAll(keys.subnets, { keysOnly: true })];
    const { responses } = await client.read('read the versions of block documents', ranges, signal);
    const versions = new Map(responses.flatMap(({ range }) => (range?.kvs ?? []).map((kv) => [kv.key, kv] as const)));
    const changed = new Map<string, SubnetPlace>();
    for (const place of subnets) {
      const key = keys.block(place.pool, place.subnet);
      const distance = distanceOf(versions.get(key), versions.get(keys.subnet(place.subnet)));
      if (this.#seen.get(key) === distance || changed.size === MAX_OPERATIONS) continue;
      this.#seen.set(key, distance);
      changed.set(key, place);
    }
    if (changed.size === 0 || (await this.#compare(changed, view, signal))) return;
    for (const key of changed.keys()) this.#seen.delete(key);
  }

  /** False where others changed the same at the same time. */
  async #compare(places: ReadonlyMap<string, SubnetPlace>, view: OwnedSubnets, signal: AbortSignal): Promise<boolean> {
    const { client, keys } = this.#db;
    const response = await client.read('read block documents', [...places.keys()].map(get), signal);
    const documents: SubnetBlocks[] = [];
    const listed: IpPrefix[] = [];
    for (const entry of found(response).flat()) {
      // what cannot be read is told by the snapshot
      readInto([], () => {
        const document = BlockDocument.read(entry);
        listed.push(...document.blocksOf(this.#node));
        documents.push({ ...places.get(entry.key)!, document });
      });
    }
    const blocks = new Map(
      [...listed, ...view.blocks.map(({ block }) => block)].map((block) => [String(block), block]),
    );
    const owners = await readOwners(this.#db, [...blocks.values()], signal);
    return await repairOwners(this.#db, ownerRepairs(keys, this.#node, documents, owners), signal);
  }
}

/** What the node owns, now. */
export type OwnedSubnets = Pick<NodeView, 'blocks' | 'subnets'>;

interface SubnetPlace {
  readonly pool: string;
  readonly subnet: IpPrefix;
}

/** Stays the same as long as both keys are changed together. */
function distanceOf(document: KeyValueMessage | undefined, subnet: KeyValueMessage | undefined): string {
  const distance = (document?.version ?? 0) - (subnet?.version ?? 0);
  return `${document?.createRevision} ${subnet?.createRevision} ${distance}`;
}
