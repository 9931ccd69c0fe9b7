import { type AddressPool, DEFAULT_POOL } from '../model/address-pool.ts';
import type { CoilError } from '../model/error.ts';
import type { NodeChange, NodeSnapshot } from '../store/ipam-store.ts';

/** The pools as the datastore last told of them, and which of them a Pod takes its addresses from. */
export class NodePools {
  #readable: ReadonlyMap<string, AddressPool> = new Map();
  #unreadable: ReadonlyMap<string, CoilError> = new Map();

  get readable(): ReadonlyMap<string, AddressPool> {
    return this.#readable;
  }

  /**
   * That of the Pods of `namespace`; undefined where there is not even a default one.
   * @throws {CoilError} corrupt-data: it is there, and cannot be read
   */
  of(namespace: string): { name: string; pool: AddressPool } | undefined {
    const isThere = this.#readable.has(namespace) || this.#unreadable.has(namespace);
    const name = isThere ? namespace : DEFAULT_POOL;
    const error = this.#unreadable.get(name);
    if (error) throw error;
    const pool = this.#readable.get(name);
    return pool && { name, pool };
  }

  reset({ pools, unreadablePools = new Map() }: Pick<NodeSnapshot, 'pools' | 'unreadablePools'>): void {
    this.#readable = pools;
    this.#unreadable = unreadablePools;
  }

  apply({ name, pool }: Extract<NodeChange, { kind: 'pool' }>): void {
    const others = <T>(all: ReadonlyMap<string, T>) => [...all].filter(([each]) => each !== name);
    this.#readable = new Map(pool ? [...others(this.#readable), [name, pool]] : others(this.#readable));
    this.#unreadable = new Map(others(this.#unreadable));
  }
}
