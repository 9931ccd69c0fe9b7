import type { SqliteDatabase } from './sqlite-database.ts';

/** Boots of nodes. To be called within a transaction. */
export class BootTable {
  readonly #db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  /** Undefined where none is recorded. */
  get(node: string): string | undefined {
    return this.#db.get<{ boot_id: string }>('SELECT boot_id FROM boot WHERE node = ?', node)?.boot_id;
  }

  set(node: string, bootId: string): void {
    this.#db.run(
      'INSERT INTO boot VALUES (?, ?) ON CONFLICT (node) DO UPDATE SET boot_id = excluded.boot_id',
      node,
      bootId,
    );
  }

  delete(node: string): void {
    this.#db.run('DELETE FROM boot WHERE node = ?', node);
  }
}
