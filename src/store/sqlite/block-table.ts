import { BlockAssignment } from '../../model/block-assignment.ts';
import type { IpFamily } from '../../model/ip-address.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import type { PoolBlock } from '../ipam-store.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { storedPrefix } from './stored-prefix.ts';

interface OwnedRow {
  readonly node: string;
  readonly pool: string;
  readonly block: string;
}

const OWNED = `SELECT block.node, subnet.pool, block.prefix AS block
  FROM block JOIN subnet ON subnet.prefix = block.subnet`;
const IN_ORDER = 'subnet.pool, subnet.position, block.place';

/** Blocks, their owners and the free list of each subnet. To be called within a transaction. */
export class BlockTable {
  readonly #db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  /** All blocks of a new subnet, free, in ascending order. */
  insert(subnet: IpPrefix, blocks: readonly IpPrefix[]): void {
    const parent = subnet.toString();
    for (const [i, block] of blocks.entries()) {
      const place = i - blocks.length;
      this.#db.run('INSERT INTO block (prefix, subnet, place) VALUES (?, ?, ?)', block.toString(), parent, place);
    }
  }

  /** Removes the blocks of a subnet, of which no address is assigned. */
  deleteAll(subnet: IpPrefix): void {
    this.#db.run('DELETE FROM block WHERE subnet = ?', subnet.toString());
  }

  /** The free block that is next, in the order of the pool's subnets, and the one after it. */
  firstFree(pool: string, family: IpFamily): readonly IpPrefix[] {
    const rows = this.#db.all<{ prefix: string }>(
      `SELECT block.prefix FROM subnet JOIN block ON block.subnet = subnet.prefix AND block.node IS NULL
       WHERE subnet.pool = ? AND subnet.family = ? ORDER BY subnet.position, block.place LIMIT 2`,
      pool,
      family,
    );
    return rows.map(({ prefix }) => storedPrefix(prefix));
  }

  /** Gives a block to `node`, or frees it (null); it comes last in its new list, as `place` is the highest so far. */
  assign(block: IpPrefix, node: string | null, place: number): void {
    this.#db.run('UPDATE block SET node = ?, place = ? WHERE prefix = ?', node, place, block.toString());
  }

  /** The node that owns a block; undefined where it is free or there is none such. */
  ownerOf(block: IpPrefix): string | undefined {
    const row = this.#db.get<{ node: string | null }>('SELECT node FROM block WHERE prefix = ?', block.toString());
    return row?.node ?? undefined;
  }

  /** Whether `node` owns the block, and that is one of the pool. */
  isOwned(node: string, { pool, block }: PoolBlock): boolean {
    const row = this.#db.get(
      `${OWNED} WHERE block.prefix = ? AND block.node = ? AND subnet.pool = ?`,
      ...[block.toString(), node, pool],
    );
    return row !== undefined;
  }

  /** A node's blocks, by pool in the order of the pools' names. */
  listOf(node: string): PoolBlock[] {
    return this.#db.all<OwnedRow>(`${OWNED} WHERE block.node = ? ORDER BY ${IN_ORDER}`, node).map(readBlock);
  }

  /** All assigned blocks, by node in the order of the nodes' names. */
  listByNode(): Map<string, PoolBlock[]> {
    const rows = this.#db.all<OwnedRow>(`${OWNED} WHERE block.node IS NOT NULL ORDER BY block.node, ${IN_ORDER}`);
    const byNode = Map.groupBy(rows, (row) => row.node);
    return new Map([...byNode].map(([node, blocks]) => [node, blocks.map(readBlock)]));
  }

  /** Who owns the blocks of one subnet. */
  assignment(subnet: IpPrefix): BlockAssignment {
    const rows = this.#db.all<{ prefix: string; node: string | null }>(
      'SELECT prefix, node FROM block WHERE subnet = ? ORDER BY place',
      subnet.toString(),
    );
    const byNode = Map.groupBy(rows, (row) => row.node);
    const blocksOf = (node: string | null) => (byNode.get(node) ?? []).map(({ prefix }) => storedPrefix(prefix));
    const nodes = [...byNode.keys()].filter((node) => node !== null);
    return new BlockAssignment(blocksOf(null), new Map(nodes.map((node) => [node, blocksOf(node)])));
  }
}

function readBlock(row: OwnedRow): PoolBlock {
  return { pool: row.pool, block: storedPrefix(row.block) };
}
