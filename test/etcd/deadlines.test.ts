import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { EtcdIpamStore, EtcdIpamStoreOptions } from '../../src/store/etcd/etcd-ipam-store.ts';
import type { PoolBlock } from '../../src/store/ipam-store.ts';
import { MuteServer } from '../contract/mute-server.ts';
import { allocated, assignmentOf, fails, ip, poolOf, soon } from '../contract/store-fixture.ts';
import { EtcdFixture } from './etcd-fixture.ts';
import { EtcdServer } from './etcd-server.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** No ping saves a call that has no deadline of its own. */
const QUICK = { requestTimeoutMs: 400, dialTimeoutMs: 1_000, keepaliveMs: 60_000 };
/** Some calls are of several requests; what has no deadline takes for ever. */
const WITHIN_MS = 15_000;
const IN_TIME = { timeout: 2 * WITHIN_MS };
/** A caller that sets no bound itself. */
const never = new AbortController().signal;

const block: PoolBlock = { pool: 'default', block: ip('10.0.0.0/30') };
const slot = { block: block.block, offset: 1 };
const holder = { id: 'x', bootId: 'x', lock: 'x', host: 'x', version: 'x', since: 'x' };

/** Every call that there is. */
const CALLS: Readonly<Record<string, (store: EtcdIpamStore) => Promise<unknown>>> = {
  createPool: (store) => store.createPool('other', poolOf(0, '10.1.0.0/24'), never),
  addSubnet: (store) => store.addSubnet('default', ip('10.2.0.0/24'), never),
  deletePool: (store) => store.deletePool('default', never),
  removeSubnet: (store) => store.removeSubnet('default', ip('10.0.0.0/24'), never),
  listPools: (store) => store.listPools(never),
  getPool: (store) => store.getPool('default', never),
  getBlockAssignment: (store) => store.getBlockAssignment('default', ip('10.0.0.0/24'), never),
  acquireBlock: (store) => store.acquireBlock({ node: 'node1', pool: 'default', family: 4 }, never),
  releaseBlock: (store) => store.releaseBlock('node1', block, never),
  releaseNode: (store) => store.releaseNode('node1', never),
  listNodeBlocks: (store) => store.listNodeBlocks('node1', never),
  listBlocks: (store) => store.listBlocks(never),
  allocate: (store) => store.allocate({ node: 'node1', slots: [slot], assignment: assignmentOf('c') }, never),
  free: (store) => store.free([{ ...slot, revision: 1 }], never),
  listAddresses: (store) => store.listAddresses(block.block, never),
  findAddress: (store) => store.findAddress(block.block.nth(1), never),
  checkWritable: (store) => store.checkWritable(never),
  readBoot: (store) => store.readBoot('node1', never),
  writeBoot: (store) => store.writeBoot('node1', 'x', never),
  'sessions.hold': (store) => store.sessions.hold('node1', holder, never),
  'sessions.end': (store) => store.sessions.end('held', never),
  watchNode: (store) => store.watchNode('node1', never)[Symbol.asyncIterator]().next(),
};

async function endsInTime(call: Promise<unknown>): Promise<void> {
  const start = performance.now();
  await fails(call, 'store-unavailable');
  const ms = performance.now() - start;
  assert.ok(ms < WITHIN_MS, `${ms} ms`);
}

describe('every call to an etcd that never answers ends', { concurrency: 4 }, () => {
  let server: EtcdServer;
  let fixture: EtcdFixture;
  let mute: MuteServer;
  before(async () => {
    server = await EtcdServer.start('--grpc-keepalive-min-time=200ms');
    fixture = new EtcdFixture(server);
    mute = await MuteServer.listen();
    const store = await fixture.open();
    await store.createPool('default', poolOf(2, '10.0.0.0/24'), soon());
    await store.acquireBlock({ node: 'node1', pool: 'default', family: 4 }, soon());
    const request = { node: 'node1', slots: [{ ...slot, offset: 2 }], assignment: assignmentOf('there') };
    allocated(await store.allocate(request, soon()));
  });
  after(async () => {
    await mute[Symbol.asyncDispose]();
    await fixture[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const muteStore = (options: Partial<EtcdIpamStoreOptions> = {}) =>
    fixture.open({ endpoints: [`http://127.0.0.1:${mute.port}`], ...QUICK, ...options });

  for (const [name, call] of Object.entries(CALLS)) {
    test(`${name}, where the connection falls silent`, IN_TIME, async () => {
      await using proxy = await TcpProxy.to(server);
      const store = await fixture.open({ endpoints: [proxy.url], ...QUICK });
      await store.sessions.hold('held', holder, soon());
      proxy.silence();
      await endsInTime(call(store));
    });
    // what is not held needs no end
    if (name === 'sessions.end') continue;
    test(`${name}, where it takes the connection`, IN_TIME, async () => endsInTime(call(await muteStore())));
  }

  test('the login', IN_TIME, async () =>
    endsInTime((await muteStore({ username: 'u', password: 'p' })).listPools(never)),
  );

  test('the handshake of TLS', IN_TIME, async () =>
    endsInTime((await muteStore({ endpoints: [`https://127.0.0.1:${mute.port}`] })).listPools(never)),
  );

  test('the table has every call of the store', async () => {
    const store = await muteStore();
    const others = ['constructor', 'requests'];
    const methods = (object: object) =>
      Object.getOwnPropertyNames(Object.getPrototypeOf(object)).filter((name) => !others.includes(name));
    const calls = [...methods(store), ...methods(store.sessions).map((name) => `sessions.${name}`)];
    assert.deepEqual(calls.toSorted(), Object.keys(CALLS).toSorted());
  });
});
