import { CoilError } from '../../model/error.ts';
import { IpPrefix } from '../../model/ip-prefix.ts';
import { isRecord, parseJson } from '../../model/json.ts';
import type { KeyValue } from './transaction.ts';

/**
 * The value of a `block/` key, changed without reading each of its up to 16384 blocks: blocks stay text. Members that
 * we do not know stay as they are. Immutable.
 */
export class BlockDocument {
  readonly key: string;
  /** Revision of the last change. */
  readonly revision: number;
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #free: readonly string[];
  readonly #nodes: ReadonlyMap<string, readonly string[]>;

  private constructor(
    { key, revision }: Pick<KeyValue, 'key' | 'revision'>,
    members: Readonly<Record<string, unknown>>,
    lists: { free: readonly string[]; nodes: ReadonlyMap<string, readonly string[]> },
  ) {
    this.key = key;
    this.revision = revision;
    this.#members = members;
    this.#free = lists.free;
    this.#nodes = lists.nodes;
  }

  /** @throws {CoilError} corrupt-data that names the key */
  static read(entry: KeyValue): BlockDocument {
    return readValue(entry.key, () => {
      const members = parseJson(entry.value);
      if (!isRecord(members)) throw new CoilError('corrupt-data', 'a block assignment is a JSON object');
      const nodes = members.nodes ?? {};
      if (!isRecord(nodes)) throw new CoilError('corrupt-data', 'nodes is not an object');
      const owned = Object.entries(nodes).map(([node, list]) => [node, texts(`nodes.${node}`, list)] as const);
      const free = texts('free', members.free);
      return new BlockDocument(entry, members, { free, nodes: new Map(owned.filter(([, list]) => list.length > 0)) });
    });
  }

  get freeCount(): number {
    return this.#free.length;
  }

  get nodes(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  /** @throws {CoilError} corrupt-data that names the key */
  blocksOf(node: string): readonly IpPrefix[] {
    return (this.#nodes.get(node) ?? []).map((text) => this.#block(text));
  }

  /** In the order in which they will be given out. @throws {CoilError} corrupt-data that names the key */
  get freeList(): readonly IpPrefix[] {
    return this.#free.map((text) => this.#block(text));
  }

  owns(node: string, block: IpPrefix): boolean {
    return this.#nodes.get(node)?.includes(String(block)) ?? false;
  }

  /** The document after the node took the first free block; undefined where there is none. */
  acquire(node: string): { block: IpPrefix; document: BlockDocument } | undefined {
    const [first, ...free] = this.#free;
    if (first === undefined) return undefined;
    const owned = [...(this.#nodes.get(node) ?? []), first];
    return { block: this.#block(first), document: this.#with(free, node, owned) };
  }

  /** The document after `blocks` of the node went to the end of the free list. */
  release(node: string, blocks: readonly IpPrefix[]): BlockDocument {
    const released = blocks.map(String);
    const kept = (this.#nodes.get(node) ?? []).filter((text) => !released.includes(text));
    return this.#with([...this.#free, ...released], node, kept);
  }

  /** The same document, after it was written at `revision`. */
  at(revision: number): BlockDocument {
    return new BlockDocument({ key: this.key, revision }, this.#members, { free: this.#free, nodes: this.#nodes });
  }

  /** As v1 writes it: nodes in the order of their names, an empty free list as null. */
  toString(): string {
    const nodes = [...this.#nodes].sort(([a], [b]) => (a < b ? -1 : 1));
    return JSON.stringify({
      ...this.#members,
      free: this.#free.length > 0 ? this.#free : null,
      nodes: Object.fromEntries(nodes),
    });
  }

  #with(free: readonly string[], node: string, owned: readonly string[]): BlockDocument {
    const nodes = new Map(this.#nodes);
    if (owned.length > 0) nodes.set(node, owned);
    else nodes.delete(node);
    return new BlockDocument(this, this.#members, { free, nodes });
  }

  /** As `String(block)`, by which it is found again: 10.0.0.1/28 is none. */
  #block(text: string): IpPrefix {
    const block = IpPrefix.tryParse(text);
    if (block?.toString() === text) return block;
    throw new CoilError('corrupt-data', `${this.key}: ${JSON.stringify(text)} is not a block`);
  }
}

/** Reads a value; what is wrong with it is told with the key. @throws {CoilError} corrupt-data */
export function readValue<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!CoilError.is(cause, 'corrupt-data')) throw cause;
    throw new CoilError('corrupt-data', `${key}: ${cause.message}`, { cause });
  }
}

function texts(member: string, list: unknown): readonly string[] {
  if (list === null || list === undefined) return [];
  if (!Array.isArray(list)) throw new CoilError('corrupt-data', `${member} is not a list`);
  const wrong = list.findIndex((text) => typeof text !== 'string');
  if (wrong >= 0)
    throw new CoilError('corrupt-data', `${member}[${wrong}] is not a network: ${JSON.stringify(list[wrong])}`);
  return list;
}
