import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after } from 'node:test';
import { AddressPool } from '../../src/model/address-pool.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import type { IpamStore } from '../../src/store/ipam-store.ts';
import type { OpenedStore } from '../../src/store/open-store.ts';
import { SqliteIpamStore } from '../../src/store/sqlite/sqlite-ipam-store.ts';
import { EtcdFixture } from '../etcd/etcd-fixture.ts';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { Relay } from './relay.ts';

/** Where the node's state is kept: in a folder, or behind an address, that the node's programs are told of. */
export interface Datastore extends AsyncDisposable {
  /** For coild and coilctl in the node's namespace. */
  readonly flags: readonly string[];
  /** The test's own way to it. */
  readonly store: OpenedStore;
  /** Names of all that is stored, where the port does not show all of it. */
  keys?(): Promise<readonly string[]>;
  /** Whether coild goes on while it cannot be reached. */
  readonly isOutlived?: boolean;
  /** The node cannot read it until `restore`; the test can. */
  interrupt(): void;
  /** It is silent for the node until `restore`, where that can be. */
  hold?(): void;
  restore(): void;
}

/** Opens the datastore of a node, given its network namespace and a folder of its own. */
export type OpenDatastore = (node: { readonly netns: string; readonly folder: string }) => Promise<Datastore>;

/** All that coild works with. */
export const DATASTORES: Readonly<Record<'sqlite' | 'etcd', OpenDatastore>> = { sqlite: openSqlite, etcd: openEtcd };

/** One for all nodes of a test file, each with keys of its own. */
let etcd: Promise<EtcdServer> | undefined;
after(async () => (await etcd)?.[Symbol.asyncDispose]());

async function openSqlite({ folder }: { readonly folder: string }): Promise<Datastore> {
  const path = join(folder, 'coil.db');
  const store = await SqliteIpamStore.open({ path }, new AbortController().signal);
  const change = (sql: string) => {
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
  };
  return {
    flags: [`--store=sqlite:${path}`],
    store,
    // readers never wait for a lock, and an open file stays open: nothing less makes it unreadable
    interrupt: () => change('ALTER TABLE change RENAME TO change_away'),
    restore: () => change('ALTER TABLE change_away RENAME TO change'),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

async function openEtcd(node: { readonly netns: string }): Promise<Datastore> {
  etcd ??= EtcdServer.start();
  return await openEtcdOn(await etcd, node);
}

/** A datastore in an etcd of the test's own. */
export async function openEtcdOn(server: EtcdServer, { netns }: { readonly netns: string }): Promise<Datastore> {
  await using stack = new AsyncDisposableStack();
  const fixture = stack.use(new EtcdFixture(server));
  // the loopback interface of the node is another one than etcd's
  const relay = stack.use(
    await Relay.listen({ listen: { netns, port: server.port }, target: { host: server.host, port: server.port } }),
  );
  const store = await fixture.open();
  const opened = stack.move();
  return {
    flags: [`--etcd-endpoints=${server.url}`, `--etcd-prefix=${fixture.prefix}`],
    store,
    keys: async () => Object.keys(await fixture.dump()),
    isOutlived: true,
    interrupt: () => relay.cut(),
    hold: () => relay.hold(),
    restore: () => {
      relay.restore();
      relay.release();
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** All that is in a datastore, as text to compare. */
export async function dumpStore(store: IpamStore): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(10_000);
  const lines: string[] = [];
  for (const [name, { subnets, blockSize }] of await store.listPools(signal)) {
    lines.push(`pool ${name}: ${subnets.join(' ')} size ${blockSize}`);
  }
  for (const [node, blocks] of await store.listBlocks(signal)) {
    for (const { pool, block } of blocks) {
      lines.push(`block ${block} of ${pool}: ${node}`);
      for (const { offset, assignment } of await store.listAddresses(block, signal)) {
        lines.push(`address ${block.nth(offset)}: ${JSON.stringify(assignment)}`);
      }
    }
  }
  return lines;
}

/** `coilctl pool create`, and `add-subnet` where there are several. */
export async function createPool(
  store: IpamStore,
  name: string,
  subnets: string | readonly string[],
  blockSize: number,
): Promise<void> {
  const pool = new AddressPool([subnets].flat().map(IpPrefix.parse), blockSize);
  await store.createPool(name, pool, AbortSignal.timeout(10_000));
}
