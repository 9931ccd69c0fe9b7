import { AddressTable } from './address-table.ts';
import { BlockTable } from './block-table.ts';
import { BootTable } from './boot-table.ts';
import { ChangeLog } from './change-log.ts';
import { PoolTable } from './pool-table.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

/** All tables over one connection. */
export interface SqliteTables {
  readonly pools: PoolTable;
  readonly blocks: BlockTable;
  readonly addresses: AddressTable;
  readonly boots: BootTable;
  readonly log: ChangeLog;
}

/** @param logLength number of changes that the log keeps */
export function openTables(db: SqliteDatabase, logLength: number): SqliteTables {
  return {
    pools: new PoolTable(db),
    blocks: new BlockTable(db),
    addresses: new AddressTable(db),
    boots: new BootTable(db),
    log: new ChangeLog(db, logLength),
  };
}
