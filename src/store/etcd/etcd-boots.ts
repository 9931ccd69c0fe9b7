import { isBootId } from '../../model/boot-id.ts';
import { CoilError } from '../../model/error.ts';
import type { BootRecord } from '../boot-record.ts';
import type { EtcdDatabase } from './etcd-database.ts';
import { found, get, put } from './transaction.ts';

/** Boots of nodes: a key each, which goes with the node's blocks. */
export class EtcdBoots implements BootRecord {
  readonly #db: EtcdDatabase;

  constructor(db: EtcdDatabase) {
    this.#db = db;
  }

  async readBoot(node: string, signal: AbortSignal): Promise<string | undefined> {
    const { client, keys } = this.#db;
    const response = await client.read(`read the boot of node ${node}`, [get(keys.boot(node))], signal);
    const entry = found(response)[0]?.[0];
    if (entry === undefined || isBootId(entry.value)) return entry?.value;
    const text = JSON.stringify(entry.value.slice(0, 256));
    throw new CoilError('corrupt-data', `${entry.key}: ${text} is not the kernel's name for a boot`);
  }

  async writeBoot(node: string, bootId: string, signal: AbortSignal): Promise<void> {
    const { changes, keys } = this.#db;
    // a boot that is recorded after the next one would make that look like a reboot
    await changes.transact(`record the boot of node ${node}`, { success: [put(keys.boot(node), bootId)] }, signal);
  }
}
