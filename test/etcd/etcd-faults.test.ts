import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CoilError } from '../../src/model/error.ts';
import type { EtcdIpamStore, EtcdIpamStoreOptions } from '../../src/store/etcd/etcd-ipam-store.ts';
import { acquired, allocated, assignmentOf, fails, soon } from '../contract/store-fixture.ts';
import { EtcdFixture } from './etcd-fixture.ts';
import { EtcdServer } from './etcd-server.ts';
import { freePort } from './free-port.ts';
import { TcpProxy } from './tcp-proxy.ts';

const QUICK = { requestTimeoutMs: 1500, dialTimeoutMs: 500, keepaliveMs: 1000 };

let server: EtcdServer;
before(async () => {
  server = await EtcdServer.start('--grpc-keepalive-min-time=500ms');
});
after(async () => await server[Symbol.asyncDispose]());

/** A test with a store behind a proxy, and one that reaches etcd without it. */
function faultTest(name: string, body: (all: Faulty) => Promise<void>): void {
  test(name, { timeout: 60_000 }, async () => {
    await using fixture = new EtcdFixture(server);
    await using proxy = await TcpProxy.to(server);
    const open = (options: Partial<EtcdIpamStoreOptions> = {}) =>
      fixture.open({ endpoints: [proxy.url], ...QUICK, ...options });
    await body({ proxy, open, store: await open(), direct: await fixture.open() });
  });
}

interface Faulty {
  readonly proxy: TcpProxy;
  readonly store: EtcdIpamStore;
  readonly direct: EtcdIpamStore;
  readonly open: (options?: Partial<EtcdIpamStoreOptions>) => Promise<EtcdIpamStore>;
}

async function took(promise: Promise<unknown>): Promise<number> {
  const start = performance.now();
  await promise;
  return performance.now() - start;
}

describe('calls', () => {
  faultTest('a refused connection is told at once, with endpoint and call', async ({ proxy, store }) => {
    await proxy.refuse();
    const message = new RegExp(`^etcd at ${proxy.url}: cannot list pools: .*ECONNREFUSED`);
    const ms = await took(fails(store.listPools(soon()), 'store-unavailable', message));
    assert.ok(ms < 1000, `${ms} ms`);
  });

  faultTest('a silent link ends a call in time', async ({ proxy, store, open }) => {
    await store.listPools(soon());
    proxy.silence();
    for (const each of [store, await open()]) {
      const ms = await took(fails(each.listPools(soon()), 'store-unavailable', /cannot list pools/));
      assert.ok(ms < QUICK.requestTimeoutMs + 500, `${ms} ms`);
    }
  });

  faultTest('aborting ends a call at once, with the reason', async ({ proxy, store, open }) => {
    await store.listPools(soon());
    proxy.silence();
    for (const each of [store, await open()]) {
      const reason = new Error('enough');
      const abort = new AbortController();
      setTimeout(() => abort.abort(reason), 50);
      const ms = await took(assert.rejects(each.listPools(abort.signal), reason));
      assert.ok(ms < 500, `${ms} ms`);
    }
  });

  faultTest('closing the store ends a call', async ({ proxy, store }) => {
    await store.listPools(soon());
    proxy.silence();
    const call = fails(store.listPools(soon()), 'store-unavailable', /closed/);
    await store[Symbol.asyncDispose]();
    await call;
  });

  faultTest('when etcd is back, so is the store', async ({ proxy, store }) => {
    await store.listPools(soon());
    proxy.cut();
    await eventually(() => store.listPools(soon()));
    await proxy.refuse();
    await fails(store.listPools(soon()), 'store-unavailable');
    await proxy.accept();
    await eventually(() => store.listPools(soon()));
  });

  faultTest(
    'an allocation whose answer is lost is carried out once, and found again',
    async ({ proxy, store, direct }) => {
      const block = await acquired(direct, 'node1');
      const request = { node: 'node1', slots: [{ block, offset: 1 }], assignment: assignmentOf('c1') };
      await store.listPools(soon());
      proxy.silence({ requests: false, answers: true });
      await fails(store.allocate(request, soon()), 'store-unavailable', /cannot allocate 10\.0\.0\.1 for node node1/);
      const [record] = await direct.listAddresses(block, soon());
      assert.deepEqual(record?.assignment, request.assignment);
      proxy.silence({ requests: false, answers: false });
      proxy.cut();
      const outcome = await eventually(() => store.allocate(request, soon()));
      assert.deepEqual(outcome, { outcome: 'taken', records: [record] });
    },
  );

  faultTest('an endpoint that fails is passed over', async ({ proxy, direct, open }) => {
    await acquired(direct, 'node1');
    const closed = `http://127.0.0.1:${await freePort()}`;
    const over = await open({ endpoints: [closed, server.url] });
    for (let i = 0; i < 5; i++) assert.equal((await over.listPools(soon())).size, 1);
    const second = await open({ endpoints: [proxy.url, server.url] });
    await second.listPools(soon());
    proxy.silence();
    await eventually(() => second.listPools(soon()));
    const fresh = await open({ endpoints: [proxy.url, server.url] });
    assert.equal((await fresh.listPools(soon())).size, 1);
  });

  faultTest('a read whose answer is lost is read elsewhere, within the same call', async ({ proxy, direct, open }) => {
    await acquired(direct, 'node1');
    const store = await open({ endpoints: [proxy.url, server.url] });
    await store.listPools(soon());
    const requests = store.requests;
    proxy.silence({ requests: false, answers: true });
    const reading = store.listPools(soon());
    // past the point where the request is written
    await new Promise((resolve) => setTimeout(resolve, 50));
    proxy.cut();
    assert.equal((await reading).size, 1);
    assert.equal(store.requests - requests, 2);
  });

  faultTest('an allocation is one request', async ({ store }) => {
    const block = await acquired(store, 'node1');
    const before = store.requests;
    const request = { node: 'node1', slots: [{ block, offset: 1 }], assignment: assignmentOf('c1') };
    const records = allocated(await store.allocate(request, soon()));
    assert.equal(store.requests - before, 1);
    assert.equal((await store.allocate(request, soon())).outcome, 'taken');
    assert.equal(store.requests - before, 2);
    await store.free(records, soon());
    assert.equal(store.requests - before, 3);
  });
});

describe('watches', () => {
  for (const [what, disturb] of [
    ['a connection that is cut', (proxy: TcpProxy) => proxy.cut()],
    ['a connection that falls silent', (proxy: TcpProxy) => proxy.silence()],
    ['an etcd that goes away', (proxy: TcpProxy) => proxy.refuse()],
  ] as const) {
    faultTest(`${what} ends a watch by an error, in time`, async ({ proxy, store }) => {
      const events = store.watchNode('node1', soon())[Symbol.asyncIterator]();
      assert.equal((await events.next()).value?.kind, 'snapshot');
      const next = fails(events.next(), 'store-unavailable', /cannot watch node node1/);
      const ms = await took(Promise.all([disturb(proxy), next]));
      assert.ok(ms < 5000, `${ms} ms`);
      assert.equal((await events.next()).done, true);
    });
  }

  faultTest('a consumer that is too slow is told so', async ({ open, direct }) => {
    const block = await acquired(direct, 'node1');
    const slow = (await open({ maxWaitingChanges: 100 })).watchNode('node1', soon());
    const events = slow[Symbol.asyncIterator]();
    await events.next();
    const many = Array.from({ length: 16 }, (_, offset) => ({ block, offset }));
    for (let i = 0; i < 20; i++) {
      const request = { node: 'node1', slots: many, assignment: assignmentOf('c1') };
      await direct.free(allocated(await direct.allocate(request, soon())), soon());
    }
    await assert.rejects(
      async () => {
        while (!(await events.next()).done);
      },
      (error) => CoilError.is(error, 'store-unavailable') && /more than can be kept/.test(error.message),
    );
  });
});

/** The first success of a call, tried again while the store is unavailable. */
async function eventually<T>(call: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!CoilError.is(error, 'store-unavailable') || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
