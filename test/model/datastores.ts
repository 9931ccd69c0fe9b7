import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteIpamStore } from '../../src/store/sqlite/sqlite-ipam-store.ts';
import type { StoreFixture } from '../contract/store-fixture.ts';
import { EtcdFixture } from '../etcd/etcd-fixture.ts';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { type CoildStore, EtcdCoildStore } from './coild-store.ts';

/** What the names of a database's files end with. */
export const SQLITE_FILES = ['', '-wal', '-shm'] as const;

/** Gives an empty datastore for each run of a script. */
export interface ModelDatastore extends AsyncDisposable {
  open(): Promise<ModelFixture>;
}

export interface ModelFixture extends StoreFixture {
  /** As each coild opens it; absent where it does as anybody else. */
  readonly openFor?: (node: string) => CoildStore;
}

/** All that the model runs over. What a disk's sync takes is nothing to the model: where there is memory, it is used. */
export const DATASTORES: Readonly<Record<'sqlite' | 'etcd', () => Promise<ModelDatastore>>> = {
  sqlite: async () => {
    const folder = await temporaryFolder();
    let count = 0;
    return {
      open: async () => {
        const path = join(folder, `${count++}.db`);
        return {
          open: () => SqliteIpamStore.open({ path }, AbortSignal.timeout(10_000)),
          [Symbol.asyncDispose]: async () => {
            for (const end of SQLITE_FILES) await rm(path + end, { force: true });
          },
        };
      },
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    };
  },
  etcd: async () => {
    const folder = await temporaryFolder();
    const server = await EtcdServer.start(`--data-dir=${folder}/data`);
    return {
      open: async () => {
        const fixture = new EtcdFixture(server);
        const opened = new AsyncDisposableStack();
        return {
          open: () => fixture.open(),
          openFor: (node) => opened.use(new EtcdCoildStore(fixture, node)),
          [Symbol.asyncDispose]: async () => {
            await opened.disposeAsync();
            await fixture[Symbol.asyncDispose]();
          },
        };
      },
      [Symbol.asyncDispose]: async () => {
        await server[Symbol.asyncDispose]();
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
};

const MEMORY = '/dev/shm';

/** In memory where there is some. */
export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'coil-model-'));
}
