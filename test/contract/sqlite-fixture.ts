import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SqliteIpamStore, type SqliteIpamStoreOptions } from '../../src/store/sqlite/sqlite-ipam-store.ts';
import { soon } from './store-fixture.ts';

/** A folder with a database in it, both removed at the end. */
export class SqliteFixture implements Disposable, AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'coil-sqlite-'));
  readonly path = join(this.folder, 'coil.db');

  open(options: Partial<SqliteIpamStoreOptions> = {}): Promise<SqliteIpamStore> {
    return SqliteIpamStore.open({ path: this.path, ...options }, soon());
  }

  /** Another connection, past Coil; to be closed by who asked for it. */
  raw(): DatabaseSync {
    return new DatabaseSync(this.path);
  }

  /** All rows that a statement gives on a connection of its own. */
  query(sql: string): Record<string, unknown>[] {
    const database = this.raw();
    try {
      return database.prepare(sql).all();
    } finally {
      database.close();
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
  }
}
