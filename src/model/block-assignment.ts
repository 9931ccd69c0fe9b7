import type { AddressPool } from './address-pool.ts';
import { CoilError } from './error.ts';
import { IpPrefix } from './ip-prefix.ts';
import { isRecord } from './json.ts';

/**
 * Who owns the blocks of one subnet. Immutable: every change gives a new assignment. A block stands either in the free
 * list or with one node.
 */
export class BlockAssignment {
  /** The next block to be assigned comes first; a released block goes to the end. */
  readonly freeList: readonly IpPrefix[];
  /** The blocks of each node in the order of their assignment; a node without blocks has no entry. */
  readonly nodes: ReadonlyMap<string, readonly IpPrefix[]>;

  constructor(freeList: readonly IpPrefix[], nodes: ReadonlyMap<string, readonly IpPrefix[]>) {
    this.freeList = freeList;
    this.nodes = nodes;
  }

  /** All blocks of a new subnet, free, in ascending order. */
  static empty(pool: AddressPool, subnet: IpPrefix): BlockAssignment {
    return new BlockAssignment([...subnet.subdivide(pool.blockLength(subnet))], new Map());
  }

  /** Number of blocks, free or assigned. */
  get total(): number {
    return [...this.nodes.values()].reduce((sum, blocks) => sum + blocks.length, this.freeList.length);
  }

  blocksOf(node: string): readonly IpPrefix[] {
    return this.nodes.get(node) ?? [];
  }

  /** The node that owns `block`; undefined where it is free, or not of this subnet. */
  ownerOf(block: IpPrefix): string | undefined {
    for (const [node, blocks] of this.nodes) if (blocks.some((owned) => owned.equals(block))) return node;
    return undefined;
  }

  /** Assigns the first free block; undefined where none is free. */
  acquire(node: string): { block: IpPrefix; assignment: BlockAssignment } | undefined {
    const [block, ...rest] = this.freeList;
    if (block === undefined) return undefined;
    return { block, assignment: this.#with(rest, node, [...this.blocksOf(node), block]) };
  }

  /** Moves `blocks` of `node` to the end of the free list. @throws {CoilError} block-not-found */
  release(node: string, blocks: readonly IpPrefix[]): BlockAssignment {
    const owned = this.blocksOf(node);
    for (const block of blocks) {
      if (!owned.some((candidate) => candidate.equals(block))) {
        throw new CoilError('block-not-found', `node ${node} does not own block ${block}`);
      }
    }
    const kept = owned.filter((candidate) => !blocks.some((block) => block.equals(candidate)));
    return this.#with([...this.freeList, ...blocks], node, kept);
  }

  #with(freeList: readonly IpPrefix[], node: string, blocks: readonly IpPrefix[]): BlockAssignment {
    const nodes = new Map(this.nodes);
    if (blocks.length > 0) nodes.set(node, blocks);
    else nodes.delete(node);
    return new BlockAssignment(freeList, nodes);
  }

  /**
   * `{"free":["10.11.0.64/27"],"nodes":{"node1":["10.11.0.0/27"]}}`, as Go prints it: nodes in the order of their
   * names, and an empty free list as null.
   */
  toJSON(): { free: string[] | null; nodes: Record<string, string[]> } {
    const names = [...this.nodes.keys()].sort();
    return {
      free: this.freeList.length > 0 ? this.freeList.map(String) : null,
      nodes: Object.fromEntries(names.map((name) => [name, this.blocksOf(name).map(String)])),
    };
  }

  /** Reads what `toJSON` gives; a list may be null. @throws {CoilError} corrupt-data */
  static fromJSON(json: unknown): BlockAssignment {
    if (!isRecord(json)) throw new CoilError('corrupt-data', 'a block assignment is a JSON object');
    const nodes = json.nodes ?? {};
    if (!isRecord(nodes)) throw new CoilError('corrupt-data', 'nodes is not an object');
    const owned = Object.entries(nodes).map(
      ([node, list]) => [node, parseBlocks(`nodes[${JSON.stringify(node)}]`, list)] as const,
    );
    return new BlockAssignment(
      parseBlocks('free', json.free),
      new Map(owned.filter(([, blocks]) => blocks.length > 0)),
    );
  }
}

function parseBlocks(member: string, list: unknown): IpPrefix[] {
  if (list === null || list === undefined) return [];
  if (!Array.isArray(list)) throw new CoilError('corrupt-data', `${member} is not a list`);
  return list.map((text, i) => {
    const block = typeof text === 'string' ? IpPrefix.tryParse(text) : undefined;
    if (!block) throw new CoilError('corrupt-data', `${member}[${i}] is not a network: ${JSON.stringify(text)}`);
    return block;
  });
}
