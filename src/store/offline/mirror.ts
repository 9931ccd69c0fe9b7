import { AddressPool } from '../../model/address-pool.ts';
import { IpPrefix } from '../../model/ip-prefix.ts';
import type { AddressRecord, AddressSlot, NodeSnapshot, PoolBlock, Revision } from '../ipam-store.ts';
import type { SqliteDatabase } from '../sqlite/sqlite-database.ts';
import { type AddressRow, recordOf } from './journal-rows.ts';

/** How far an address is known: see `journal-format.ts`. */
export interface AddressState {
  readonly asked: 0 | 1;
  readonly answered: 0 | 1;
}

/** What the datastore is being asked. */
export interface UnderWay {
  /** Whether it is to take a block back. */
  readonly isReturning: (block: IpPrefix) => boolean;
  /** Whether it is to free an address. */
  readonly isFreeing: (row: AddressRow) => boolean;
}

export const NOTHING_UNDER_WAY: UnderWay = { isReturning: () => false, isFreeing: () => false };

/** Both, as of what the datastore told. */
export const RECORDED: AddressState = { asked: 1, answered: 1 };

const COLUMNS = 'block, "offset", assignment, revision, asked, answered';

/** The tables that hold what the node knows: its pools, its blocks and their addresses. */
export class Mirror {
  readonly #db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  get pools(): ReadonlyMap<string, AddressPool> {
    const rows = this.#db.all<{ name: string; value: string }>('SELECT name, value FROM pool ORDER BY name');
    return new Map(rows.map(({ name, value }) => [name, AddressPool.fromJSON(JSON.parse(value))]));
  }

  get blocks(): readonly PoolBlock[] {
    return this.#blocks('SELECT prefix, pool FROM block WHERE leaving = 0 ORDER BY place');
  }

  /** Blocks that the datastore was asked to take back, and nobody knows whether it has: not to be used. */
  get leaving(): readonly PoolBlock[] {
    return this.#blocks('SELECT prefix, pool FROM block WHERE leaving = 1 ORDER BY place');
  }

  get addresses(): readonly AddressRow[] {
    return this.#db.all<AddressRow>(`SELECT ${COLUMNS} FROM address ORDER BY block, "offset"`);
  }

  owns(block: IpPrefix): boolean {
    return this.#db.get('SELECT 1 FROM block WHERE prefix = ? AND leaving = 0', block.toString()) !== undefined;
  }

  setPool(name: string, pool: AddressPool | undefined): void {
    if (pool) this.#db.run('INSERT OR REPLACE INTO pool (name, value) VALUES (?, ?)', name, JSON.stringify(pool));
    else this.#db.run('DELETE FROM pool WHERE name = ?', name);
  }

  /** The datastore tells that it is the node's; one that is being returned stays so. */
  addBlock({ pool, block }: PoolBlock): void {
    this.#db.run('INSERT OR IGNORE INTO block (prefix, pool) VALUES (?, ?)', block.toString(), pool);
  }

  /** The node has come to own it. */
  ownBlock(owned: PoolBlock): void {
    this.addBlock(owned);
    this.keepBlock(owned.block);
  }

  /** The node could not return it; it may have lost it meanwhile. */
  keepBlock(block: IpPrefix): void {
    this.#db.run('UPDATE block SET leaving = 0 WHERE prefix = ?', block.toString());
  }

  leaveBlock(block: IpPrefix): void {
    this.#db.run('UPDATE block SET leaving = 1 WHERE prefix = ?', block.toString());
  }

  removeBlock(block: IpPrefix): void {
    this.#db.run('DELETE FROM block WHERE prefix = ?', block.toString());
  }

  addressesOf(block: IpPrefix): readonly AddressRow[] {
    const sql = `SELECT ${COLUMNS} FROM address WHERE block = ? ORDER BY "offset"`;
    return this.#db.all<AddressRow>(sql, block.toString());
  }

  at({ block, offset }: AddressSlot): AddressRow | undefined {
    const sql = `SELECT ${COLUMNS} FROM address WHERE block = ? AND "offset" = ?`;
    return this.#db.get<AddressRow>(sql, block.toString(), offset);
  }

  /** Adds an address, or replaces it. */
  put({ block, offset, assignment, revision }: AddressRecord, { asked, answered }: AddressState): void {
    this.#db.run(
      `INSERT OR REPLACE INTO address (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`,
      ...[block.toString(), offset, JSON.stringify(assignment), revision, asked, answered],
    );
  }

  remove({ block, offset }: AddressSlot): void {
    this.#db.run('DELETE FROM address WHERE block = ? AND "offset" = ?', block.toString(), offset);
  }

  /** The datastore is about to be asked to free it, or has answered that it does not. */
  setFreeing({ block, offset }: AddressSlot, { isAsked }: { readonly isAsked: boolean }): void {
    const sql = 'UPDATE address SET freeing = ? WHERE block = ? AND "offset" = ?';
    this.#db.run(sql, Number(isAsked), block.toString(), offset);
  }

  /** Addresses that the datastore was asked to free, and nobody knows whether it has. */
  get freeing(): readonly AddressRow[] {
    return this.#db.all<AddressRow>(`SELECT ${COLUMNS} FROM address WHERE freeing = 1`);
  }

  /** Whoever waited for an answer has gone, or is given this one: what was asked for is used from now on. */
  answerAll(): void {
    this.#db.run('UPDATE address SET answered = 1 WHERE answered = 0');
  }

  /** Takes over all of a snapshot, but for what is under way. */
  replace(
    {
      pools,
      unreadablePools,
      blocks,
      addresses,
    }: Pick<NodeSnapshot, 'pools' | 'unreadablePools' | 'blocks' | 'addresses'>,
    { isReturning, isFreeing }: UnderWay,
  ): void {
    const leaving = this.leaving.filter(({ block }) => isReturning(block));
    const freeing = this.freeing.filter(isFreeing).map(recordOf);
    for (const table of ['block', 'address']) this.#db.run(`DELETE FROM ${table}`);
    // of one that cannot be read now, what it was is known
    for (const name of this.pools.keys()) if (!unreadablePools?.has(name)) this.setPool(name, undefined);
    for (const [name, pool] of pools) this.setPool(name, pool);
    for (const each of blocks) this.addBlock(each);
    for (const { block } of leaving) this.leaveBlock(block);
    for (const record of addresses) this.put(record, RECORDED);
    for (const record of freeing)
      if (this.at(record)?.revision === record.revision) this.setFreeing(record, { isAsked: true });
  }

  #blocks(sql: string): readonly PoolBlock[] {
    const rows = this.#db.all<{ prefix: string; pool: string }>(sql);
    return rows.map(({ prefix, pool }) => ({ pool, block: IpPrefix.parse(prefix) }));
  }

  /** Without what the datastore was asked for only: who asked waits for the answer. */
  snapshot(revision: Revision): NodeSnapshot {
    const addresses = this.addresses.filter(({ answered }) => answered).map(recordOf);
    const { pools, blocks } = this;
    return { kind: 'snapshot', revision, pools, blocks, addresses, unreadable: [] };
  }
}
