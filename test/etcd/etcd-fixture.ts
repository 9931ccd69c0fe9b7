import { randomUUID } from 'node:crypto';
import { Etcd3 } from 'etcd3';
import { EtcdIpamStore, type EtcdIpamStoreOptions } from '../../src/store/etcd/etcd-ipam-store.ts';
import type { StoreFixture } from '../contract/store-fixture.ts';
import type { EtcdServer } from './etcd-server.ts';

/** A datastore under a prefix of its own in an etcd that others use too, and a way around the store to its keys. */
export class EtcdFixture implements StoreFixture {
  readonly prefix = `/coil-${randomUUID()}/`;
  readonly url: string;
  /** Plain etcd, under the prefix. */
  readonly keys: ReturnType<Etcd3['namespace']>;
  readonly etcd: Etcd3;
  readonly #stores: EtcdIpamStore[] = [];

  constructor(server: EtcdServer) {
    this.url = server.url;
    this.etcd = new Etcd3({ hosts: server.url });
    this.keys = this.etcd.namespace(this.prefix);
  }

  async open(options: Partial<EtcdIpamStoreOptions> = {}): Promise<EtcdIpamStore> {
    const store = new EtcdIpamStore({ endpoints: [this.url], prefix: this.prefix, ...options });
    this.#stores.push(store);
    return store;
  }

  /** All keys and values under the prefix. */
  async dump(): Promise<Record<string, string>> {
    return await this.keys.getAll().strings();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#stores) await store[Symbol.asyncDispose]();
    await this.keys.delete().all();
    this.etcd.close();
  }
}
