import { formatIpAssignment } from '../../model/ip-assignment.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import type { AddressRecord, AddressSlot } from '../ipam-store.ts';
import { type AddressRow, type ReadAddress, readAddress } from './address-row.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

const COLUMNS = 'address.block, address."offset", address.assignment, address.revision';

/** Addresses that are assigned. To be called within a transaction. */
export class AddressTable {
  readonly #db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  insert({ block, offset, assignment, revision }: AddressRecord): void {
    this.#db.run(
      'INSERT INTO address (block, "offset", assignment, revision) VALUES (?, ?, ?, ?)',
      block.toString(),
      offset,
      formatIpAssignment(assignment),
      revision,
    );
  }

  delete({ block, offset }: AddressSlot): void {
    this.#db.run('DELETE FROM address WHERE block = ? AND "offset" = ?', block.toString(), offset);
  }

  /** Undefined where the address is free. */
  get({ block, offset }: AddressSlot): ReadAddress | undefined {
    const row = this.#db.get<AddressRow>(
      `SELECT ${COLUMNS} FROM address WHERE block = ? AND "offset" = ?`,
      block.toString(),
      offset,
    );
    return row && readAddress(row);
  }

  /** In the order of their offsets. */
  listOfBlock(block: IpPrefix): ReadAddress[] {
    return this.#db
      .all<AddressRow>(`SELECT ${COLUMNS} FROM address WHERE block = ? ORDER BY "offset"`, block.toString())
      .map(readAddress);
  }

  /** All addresses of all blocks of a node. */
  listOfNode(node: string): ReadAddress[] {
    return this.#db
      .all<AddressRow>(
        `SELECT ${COLUMNS} FROM block JOIN address ON address.block = block.prefix
         WHERE block.node = ? ORDER BY address.block, address."offset"`,
        node,
      )
      .map(readAddress);
  }

  isEmpty(block: IpPrefix): boolean {
    return this.#db.get('SELECT 1 FROM address WHERE block = ? LIMIT 1', block.toString()) === undefined;
  }
}

/** The record of an address that must be readable. @throws {CoilError} corrupt-data */
export function readable({ record, error }: ReadAddress): AddressRecord {
  if (error) throw error;
  return record;
}
