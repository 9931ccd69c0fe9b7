import type { Etcd3, IKeyValue, IRequestOp } from 'etcd3';
import { IpAddress } from '../../src/model/ip-address.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import { readV1Blocks, type V1Blocks, writeV1Blocks } from './v1-reader.ts';

/** Whom v1's coild gives an address to. */
export interface V1Pod {
  readonly containerId: string;
  readonly namespace: string;
  readonly pod: string;
}

interface Entry {
  readonly key: string;
  readonly value: string;
  readonly modRevision: string;
}

/**
 * What v1.1's coild does in etcd for one request after the other, transaction by transaction: it knows of no keys but
 * pool/, subnet/, block/ and ip/, and compares the revision of a block document when it changes it, and the absence of
 * an address's key when it takes it. It keeps nothing in memory.
 */
export class V1Coild {
  readonly #etcd: Etcd3;
  readonly #prefix: string;
  readonly #node: string;

  constructor(etcd: Etcd3, options: { readonly prefix: string; readonly node: string }) {
    this.#etcd = etcd;
    this.#prefix = options.prefix;
    this.#node = options.node;
  }

  /** `POST /ip`; undefined where the pool has no more blocks. */
  async allocate(pool: string, pod: V1Pod): Promise<string | undefined> {
    for (const block of await this.blocks(pool)) {
      const address = await this.#allocateFrom(block, pod);
      if (address !== undefined) return address;
    }
    const block = await this.acquire(pool);
    return block && (await this.#allocateFrom(block, pod));
  }

  /** `DELETE /ip/…`: frees the address, and returns the block where that was the last one. */
  async free(pool: string, address: string): Promise<void> {
    const ip = IpAddress.parse(address);
    const block = (await this.blocks(pool)).find((candidate) => IpPrefix.parse(candidate).contains(ip));
    if (block === undefined) throw new Error(`${this.#node} has no block of ${address}`);
    const key = `${addressesOf(block)}${IpPrefix.parse(block).offsetOf(ip)}`;
    const [entry] = await this.#get(key);
    if (entry === undefined) throw new Error(`${key} is gone`);
    const freed = await this.#compareAndDo(key, entry.modRevision, [
      { request_delete_range: { key: this.#bytes(key) } },
    ]);
    if (!freed) throw new Error(`somebody else changed ${key}`);
    if ((await this.#list(addressesOf(block))).length === 0) await this.release(pool, block);
  }

  /** This node's blocks of a pool. */
  async blocks(pool: string): Promise<readonly string[]> {
    const documents = await this.#list(`block/${pool}/`);
    return documents.flatMap(({ value }) => readV1Blocks(value).nodes.get(this.#node) ?? []);
  }

  /**
   * Moves a block to the end of the free list, unless an address of it is in use: then nothing happens, silently. By
   * force, as v1's controller does when the node is gone, the addresses are freed with it.
   */
  async release(pool: string, block: string, { force = false } = {}): Promise<void> {
    for (;;) {
      const documents = await this.#list(`block/${pool}/`);
      const found = documents.find(({ value }) => readV1Blocks(value).nodes.get(this.#node)?.includes(block));
      if (found === undefined) return;
      const { free, nodes } = readV1Blocks(found.value);
      const kept = nodes.get(this.#node)!.filter((owned) => owned !== block);
      const value = writeV1Blocks({ free: [...free, block], nodes: withBlocks(nodes, this.#node, kept) });
      const addresses = this.#range(addressesOf(block));
      const empty = { ...addresses, target: 'Create', result: 'Equal', create_revision: 0 } as const;
      const write = this.#put(found.key, value);
      const operations = force
        ? [write, { request_delete_range: addresses }]
        : [{ request_txn: { compare: [empty], success: [write] } }];
      if (await this.#compareAndDo(found.key, found.modRevision, operations)) return;
    }
  }

  /** Takes the first free block; undefined where there is none. */
  async acquire(pool: string): Promise<string | undefined> {
    for (;;) {
      const documents = await this.#list(`block/${pool}/`);
      const found = documents.find(({ value }) => readV1Blocks(value).free.length > 0);
      if (found === undefined) return undefined;
      const { free, nodes } = readV1Blocks(found.value);
      const [first, ...rest] = free;
      const owned = [...(nodes.get(this.#node) ?? []), first!];
      const value = writeV1Blocks({ free: rest, nodes: withBlocks(nodes, this.#node, owned) });
      if (await this.#compareAndDo(found.key, found.modRevision, [this.#put(found.key, value)])) return first!;
    }
  }

  /** The lowest free one; undefined where the block is full. */
  async #allocateFrom(block: string, { containerId, namespace, pod }: V1Pod): Promise<string | undefined> {
    const taken = new Set((await this.#list(addressesOf(block))).map(({ key }) => key));
    // Go has nanoseconds
    const createdAt = new Date().toISOString().replace('Z', '456789Z');
    const network = IpPrefix.parse(block);
    const assignment = { container_id: containerId, namespace, pod, created_at: createdAt };
    for (let offset = 0; offset < network.size; offset++) {
      const key = `${addressesOf(block)}${offset}`;
      if (taken.has(key)) continue;
      const absent = { key: this.#bytes(key), target: 'Create', result: 'Equal', create_revision: 0 } as const;
      const success = [this.#put(key, JSON.stringify(assignment))];
      const { succeeded } = await this.#etcd.kv.txn({ compare: [absent], success });
      if (succeeded) return String(network.nth(offset));
    }
    return undefined;
  }

  async #compareAndDo(key: string, revision: string, success: IRequestOp[]): Promise<boolean> {
    const unchanged = { key: this.#bytes(key), target: 'Mod', result: 'Equal', mod_revision: revision } as const;
    return (await this.#etcd.kv.txn({ compare: [unchanged], success })).succeeded;
  }

  async #get(key: string): Promise<readonly Entry[]> {
    return this.#entries((await this.#etcd.kv.range({ key: this.#bytes(key) })).kvs);
  }

  async #list(prefix: string): Promise<readonly Entry[]> {
    return this.#entries((await this.#etcd.kv.range(this.#range(prefix))).kvs);
  }

  #entries(kvs: readonly IKeyValue[]): readonly Entry[] {
    return kvs.map(({ key, value, mod_revision }) => ({
      key: key.toString().slice(this.#prefix.length),
      value: value.toString(),
      modRevision: mod_revision,
    }));
  }

  #put(key: string, value: string): IRequestOp {
    return { request_put: { key: this.#bytes(key), value: Buffer.from(value) } };
  }

  #bytes(key: string): Buffer {
    return Buffer.from(this.#prefix + key);
  }

  /** Of keys that begin with `prefix`, which ends in a slash; after that comes a zero in ASCII. */
  #range(prefix: string): { key: Buffer; range_end: Buffer } {
    return { key: this.#bytes(prefix), range_end: this.#bytes(`${prefix.slice(0, -1)}0`) };
  }
}

function withBlocks(nodes: V1Blocks['nodes'], node: string, blocks: readonly string[]): V1Blocks['nodes'] {
  const others = [...nodes].filter(([name]) => name !== node);
  return new Map(blocks.length > 0 ? [...others, [node, blocks]] : others);
}

function addressesOf(block: string): string {
  return `ip/${block.split('/')[0]}/`;
}
