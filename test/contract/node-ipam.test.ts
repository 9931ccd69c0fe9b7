import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { AllocationRequest } from '../../src/ipam/node-ipam.ts';
import { CoilError } from '../../src/model/error.ts';
import type { IpamStore } from '../../src/store/ipam-store.ts';
import { IpamNode, type IpamNodeOptions, overriding } from './ipam-node.ts';
import { SqliteFixture } from './sqlite-fixture.ts';
import { assignmentOf, blockFor, fails, ip, poolOf, soon } from './store-fixture.ts';

interface Setup {
  readonly store: IpamStore;
  readonly fixture: SqliteFixture;
  /** Another node over the same datastore. */
  node(options?: IpamNodeOptions, overrides?: Partial<IpamStore>): IpamNode;
}

/** A test over a store with a pool `default` of four blocks of four addresses. */
function ipamTest(name: string, body: (setup: Setup, t: TestContext) => Promise<void>): void {
  test(name, { timeout: 30_000 }, async (t) => {
    using fixture = new SqliteFixture();
    await using store = await fixture.open({ pollMs: 10 });
    await using nodes = new AsyncDisposableStack();
    await store.createPool('default', poolOf(2, '10.0.0.0/28'), soon());
    const node = (options: IpamNodeOptions = {}, overrides: Partial<IpamStore> = {}) =>
      nodes.use(new IpamNode(overriding(store, overrides), options));
    await body({ store, fixture, node }, t);
  });
}

const pod = (containerId: string, more: Partial<AllocationRequest> = {}): AllocationRequest => ({
  containerId,
  ifname: 'eth0',
  namespace: 'default',
  pod: `pod-${containerId}`,
  ...more,
});

const allocate = async ({ ipam }: IpamNode, request: AllocationRequest) =>
  (await ipam.allocate(request, soon())).addresses.map(String);
const release = async ({ ipam }: IpamNode, request: AllocationRequest) =>
  (await ipam.release(request, soon())).map(String);

ipamTest('a block is acquired and exported before an address of it is given', async ({ node, store }) => {
  const order: string[] = [];
  const n = node(
    {},
    {
      allocate: (...args) => {
        order.push(`allocate with ${n.exporter.exported}`);
        return store.allocate(...args);
      },
    },
  );
  assert.deepEqual(await allocate(n, pod('a')), ['10.0.0.0']);
  assert.deepEqual(order, ['allocate with 10.0.0.0/30']);
  const { assignment } = await store.findAddress(ip('10.0.0.0/32').address, soon());
  assert.deepEqual(
    { ...assignment, createdAt: '' },
    { containerId: 'a', namespace: 'default', pod: 'pod-a', createdAt: '', ifname: 'eth0' },
  );
});

ipamTest(
  'a call that waited for one whose answer was lost sees what that one did',
  async ({ node, store, fixture }) => {
    let isLost = false;
    const n = node(
      {},
      {
        allocate: async (...args) => {
          const outcome = await store.allocate(...args);
          if (isLost) return outcome;
          isLost = true;
          throw new CoilError('store-unavailable', 'the answer was lost');
        },
      },
    );
    await n.sync.ready(soon());
    const [first, second] = await Promise.allSettled([allocate(n, pod('a')), allocate(n, pod('a'))]);
    assert.equal(first.status, 'rejected');
    assert.deepEqual(second, { status: 'fulfilled', value: ['10.0.0.0'] });
    assert.equal(fixture.query('SELECT * FROM address').length, 1);
  },
);

ipamTest("an address that was freed by others, and given to a Pod since, stays that Pod's", async ({ node, store }) => {
  await store.createPool('one', poolOf(0, '10.1.0.0/32'), soon());
  const inOne = { namespace: 'one' };
  const n = node(
    {},
    {
      free: async (...args) => {
        await store.free(...args);
        return await store.free(...args);
      },
      listAddresses: async (...args) => {
        const before = await store.listAddresses(...args);
        await waitFor(() => n.state.records.length === 0);
        assert.deepEqual(await allocate(n, pod('b', inOne)), ['10.1.0.0']);
        return before;
      },
    },
  );
  await allocate(n, pod('a', inOne));
  await release(n, pod('a', inOne));
  assert.deepEqual(
    n.state.records.map(({ assignment }) => assignment.containerId),
    ['b'],
  );
});

ipamTest("a neighbour's value that cannot be read hinders no DEL", async ({ node, store, fixture }) => {
  let isFirst = true;
  const n = node(
    {},
    {
      free: async (...args) => {
        if (!isFirst) return await store.free(...args);
        isFirst = false;
        return { outcome: 'changed' };
      },
    },
  );
  assert.deepEqual(await allocate(n, pod('a')), ['10.0.0.0']);
  assert.deepEqual(await allocate(n, pod('b')), ['10.0.0.1']);
  fixture.query(`UPDATE address SET assignment = '{"pod":7}' WHERE "offset" = 1`);
  assert.deepEqual(await release(n, pod('a')), ['10.0.0.0']);
});

ipamTest(
  'a failed export is told until one succeeds, which is tried without a further ADD',
  async ({ node, store }) => {
    // the watch is late: that it tells of the block is no occasion for another try
    const watchNode = async function* (name: string, signal: AbortSignal) {
      for await (const change of store.watchNode(name, signal)) if (change.kind === 'snapshot') yield change;
    };
    const n = node({}, { watchNode });
    await n.sync.ready(soon());
    await n.keeper.exportUntilDone(soon());
    assert.equal(n.keeper.failure, undefined);
    // the ADD's own try, and the one after it, which waits then
    for (let i = 0; i < 2; i++) n.exporter.failures.push(new CoilError('network', 'lo is down'));
    await fails(allocate(n, pod('a')), 'network', /lo is down/);
    assert.match(n.keeper.failure ?? '', /lo is down/);
    await waitFor(() => n.exporter.exported.length === 1);
    await waitFor(() => n.keeper.failure === undefined);
    n.exporter.failures.push(new CoilError('network', 'lo is down'));
    await assert.rejects(n.keeper.export(AbortSignal.abort(new Error('enough'))));
    assert.equal(n.keeper.failure, undefined, 'who gives up says nothing of the routing table');
    n.exporter.failures.length = 0;
  },
);

ipamTest('one attachment has one address, however often and at once it is asked for', async ({ node, fixture }) => {
  const n = node();
  const answers = await Promise.all(Array.from({ length: 20 }, () => n.ipam.allocate(pod('a'), soon())));
  assert.deepEqual([...new Set(answers.map(({ addresses }) => String(addresses)))], ['10.0.0.0']);
  assert.deepEqual(
    answers.map(({ existed }) => existed),
    [false, ...Array<boolean>(19).fill(true)],
  );
  assert.equal(fixture.query('SELECT * FROM address').length, 1);
});

ipamTest('two interfaces of one container have an address each; a release frees that of one', async ({ node }) => {
  const n = node();
  assert.deepEqual(await allocate(n, pod('a')), ['10.0.0.0']);
  assert.deepEqual(await allocate(n, pod('a', { ifname: 'eth1' })), ['10.0.0.1']);
  assert.deepEqual(await release(n, pod('a')), ['10.0.0.0']);
  assert.deepEqual(await release(n, pod('a')), []);
  assert.equal((await n.ipam.find({ containerId: 'a' }, soon()))?.addresses.map(String).join(), '10.0.0.1');
});

ipamTest('many Pods at once get different addresses, and no more blocks than they need', async ({ node }) => {
  const n = node();
  const addresses = await Promise.all(Array.from({ length: 16 }, (_, i) => allocate(n, pod(`c${i}`))));
  assert.equal(new Set(addresses.flat()).size, 16);
  assert.deepEqual(n.blocks, ['10.0.0.0/30', '10.0.0.4/30', '10.0.0.8/30', '10.0.0.12/30']);
  await fails(n.ipam.allocate(pod('late'), soon()), 'out-of-addresses', /no more blocks in pool default/);
});

ipamTest(
  'a freed address rests while another is to be had, and goes first to none when the pool is used up',
  async ({ node }) => {
    const n = node();
    await allocate(n, pod('a'));
    await release(n, pod('a'));
    assert.deepEqual(await allocate(n, pod('b')), ['10.0.0.1']);
    await release(n, pod('b'));
    for (let i = 0; i < 14; i++) await allocate(n, pod(`c${i}`));
    assert.deepEqual(await allocate(n, pod('last')), ['10.0.0.0'], 'the one that rested longest');
  },
);

ipamTest('after its rest an address is given again, without another block', async ({ node }) => {
  const n = node();
  for (let i = 0; i < 10; i++) {
    await allocate(n, pod(`c${i}`));
    await release(n, pod(`c${i}`));
    n.skip(31_000);
  }
  assert.deepEqual(n.blocks, ['10.0.0.0/30']);
});

ipamTest('a namespace with a pool of its name takes addresses of that pool only', async ({ node, store }) => {
  const n = node();
  await store.createPool('dmz', poolOf(0, '192.0.2.0/31'), soon());
  await n.sync.ready(soon());
  await waitFor(() => n.state.pools.has('dmz'));
  assert.deepEqual(await allocate(n, pod('a', { namespace: 'dmz' })), ['192.0.2.0']);
  assert.deepEqual(await allocate(n, pod('b', { namespace: 'dmz' })), ['192.0.2.1']);
  await fails(n.ipam.allocate(pod('c', { namespace: 'dmz' }), soon()), 'out-of-addresses', /pool dmz/);
  assert.deepEqual(await allocate(n, pod('d')), ['10.0.0.0']);
});

ipamTest('a pool of both families gives an address of each, or none', async ({ node, store, fixture }) => {
  await store.createPool('dual', poolOf(0, '192.0.2.0/31', '2001:db8::/128'), soon());
  const n = node();
  assert.deepEqual(await allocate(n, pod('a', { namespace: 'dual' })), ['192.0.2.0', '2001:db8::']);
  await fails(n.ipam.allocate(pod('b', { namespace: 'dual' }), soon()), 'out-of-addresses', /pool dual/);
  assert.equal(fixture.query('SELECT * FROM address').length, 2);
  assert.deepEqual(
    await allocate(n, pod('c', { namespace: 'dual', families: [4] })),
    ['192.0.2.1'],
    'nothing stays reserved',
  );
});

ipamTest('without a default pool the error says how to make one', async () => {
  using fixture = new SqliteFixture();
  await using store = await fixture.open();
  await using n = new IpamNode(store);
  await fails(n.ipam.allocate(pod('a'), soon()), 'pool-not-found', /default.*coilctl pool create/);
});

ipamTest(
  'a block whose route cannot be exported is kept but not used, and no second one is acquired',
  async ({ node, store }) => {
    const n = node(
      {},
      {
        allocate: (...args) => {
          assert.deepEqual(n.exporter.exported, ['10.0.0.0/30']);
          return store.allocate(...args);
        },
      },
    );
    await n.sync.ready(soon());
    await n.keeper.exportUntilDone(soon());
    n.exporter.failures.push(...Array.from({ length: 20 }, () => new CoilError('network', 'lo is down')));
    for (let i = 0; i < 3; i++) await fails(n.ipam.allocate(pod('a'), soon()), 'network', /lo is down/);
    assert.deepEqual((await store.listAddresses(ip('10.0.0.0/30'), soon())).length, 0);
    n.exporter.failures.length = 0;
    assert.deepEqual(await allocate(n, pod('a')), ['10.0.0.0']);
    assert.deepEqual(n.blocks, ['10.0.0.0/30']);
  },
);

ipamTest('a block whose route is refused keeps no Pod of another pool waiting, and is returned', async (setup) => {
  const { node, store } = setup;
  await store.createPool('six', poolOf(2, '2001:db8::/124'), soon());
  await store.createPool('web', poolOf(2, '192.0.2.0/28'), soon());
  const n = node({ scanIntervalMs: 20, keepSpare: false });
  await n.sync.ready(soon());
  n.exporter.refusedFamilies.add(6);
  for (const container of ['a', 'b'])
    await fails(allocate(n, pod(container, { namespace: 'six' })), 'network', /is refused/);
  // those that wait for it longest are no obstacle either
  void n.keeper.exportUntilDone(AbortSignal.timeout(20_000));
  assert.deepEqual(await allocate(n, pod('c')), ['10.0.0.0']);
  assert.deepEqual(await allocate(n, pod('d', { namespace: 'web' })), ['192.0.2.0']);
  await waitFor(() => n.blocks.length === 2);
  assert.deepEqual(n.exporter.exported, ['10.0.0.0/30', '192.0.2.0/30']);
  assert.deepEqual((await store.listNodeBlocks('node1', soon())).length, 2);
  await waitFor(() => n.keeper.failure === undefined);

  // nor for a new process
  await store.acquireBlock({ node: 'node2', pool: 'six', family: 6 }, soon());
  const other = node({ node: 'node2' });
  other.exporter.refusedFamilies.add(6);
  assert.deepEqual(await allocate(other, pod('e')), ['10.0.0.4']);
});

ipamTest('while no new block can be exported, addresses that still rest are given', async ({ node }) => {
  const n = node({ keepSpare: false });
  for (let i = 0; i < 4; i++) await allocate(n, pod(`c${i}`));
  await n.keeper.exportUntilDone(soon());
  await release(n, pod('c2'));
  n.exporter.failures.push(...Array.from({ length: 20 }, () => new CoilError('network', 'lo is down')));
  assert.deepEqual(await allocate(n, pod('late')), ['10.0.0.2']);
  n.exporter.failures.length = 0;
});

ipamTest('a block that another took away is not used any more, and its route goes', async ({ node, store }) => {
  const n = node();
  await allocate(n, pod('a'));
  await store.releaseNode('node1', soon());
  const other = node({ node: 'node2' });
  assert.deepEqual(await allocate(other, pod('x')), ['10.0.0.4']);
  await waitFor(() => n.exporter.exported.length === 0);
  assert.deepEqual(await allocate(n, pod('b')), ['10.0.0.8']);
});

ipamTest('the fence holds where the watch is late', async ({ node, store }) => {
  // a watch that tells of nothing but its snapshot
  async function* blind(name: string, signal: AbortSignal) {
    for await (const change of store.watchNode(name, signal)) {
      if (change.kind === 'snapshot') yield change;
    }
  }
  const n = node({}, { watchNode: blind });
  await allocate(n, pod('a'));
  await store.releaseNode('node1', soon());
  assert.deepEqual(await allocate(n, pod('b')), ['10.0.0.4']);
  assert.ok(n.logger.messages.includes("a block is not this node's any more"));
  await waitFor(() => !n.exporter.exported.includes('10.0.0.0/30'));
});

ipamTest('an address that somebody else recorded is passed over', async ({ node, store }) => {
  const n = node();
  await allocate(n, pod('a'));
  const assignment = { containerId: 'alien', namespace: 'x', pod: 'y', createdAt: '2026-01-01T00:00:00Z' };
  await store.allocate({ node: 'node1', slots: [{ block: ip('10.0.0.0/30'), offset: 1 }], assignment }, soon());
  assert.deepEqual(await allocate(n, pod('b')), ['10.0.0.2']);
});

ipamTest(
  'an assignment whose acknowledgement was lost is found again, by ADD and by DEL',
  async ({ node, store, fixture }) => {
    let lose = true;
    const n = node(
      {},
      {
        allocate: async (...args) => {
          const answer = await store.allocate(...args);
          if (!lose) return answer;
          lose = false;
          throw new CoilError('store-unavailable', 'connection reset');
        },
      },
    );
    await fails(n.ipam.allocate(pod('a'), soon()), 'store-unavailable');
    assert.deepEqual(await allocate(n, pod('a')), ['10.0.0.0']);
    lose = true;
    await fails(n.ipam.allocate(pod('b'), soon()), 'store-unavailable');
    assert.deepEqual(await release(n, pod('b')), ['10.0.0.1']);
    assert.equal(fixture.query('SELECT * FROM address').length, 1);
  },
);

ipamTest('a freeing whose acknowledgement was lost is repeated without harm', async ({ node, store }) => {
  let lose = true;
  const n = node(
    {},
    {
      free: async (...args) => {
        const answer = await store.free(...args);
        if (!lose) return answer;
        lose = false;
        throw new CoilError('store-unavailable', 'connection reset');
      },
    },
  );
  await allocate(n, pod('a'));
  await fails(n.ipam.release(pod('a'), soon()), 'store-unavailable');
  assert.deepEqual(await release(n, pod('a')), []);
});

ipamTest(
  'an address that an administrator freed meanwhile is not freed from its next owner',
  async ({ node, store }) => {
    const n = node();
    await allocate(n, pod('a'));
    const [record] = await store.listAddresses(ip('10.0.0.0/30'), soon());
    await store.free([record!], soon());
    const assignment = { containerId: 'next', namespace: 'x', pod: 'y', createdAt: '2026-01-01T00:00:00Z' };
    await store.allocate({ node: 'node1', slots: [record!], assignment }, soon());
    await release(n, pod('a'));
    assert.equal((await store.findAddress(ip('10.0.0.0/32').address, soon())).assignment.containerId, 'next');
  },
);

ipamTest('an empty block is withdrawn, then returned, after it was empty for an interval', async ({ node, store }) => {
  const order: string[] = [];
  const n = node(
    {},
    {
      releaseBlock: (...args) => {
        order.push(`release with ${n.exporter.exported.length} exported`);
        return store.releaseBlock(...args);
      },
    },
  );
  await allocate(n, pod('a'));
  await n.keeper.returnEmpty(1_000, soon());
  await release(n, pod('a'));
  n.skip(999);
  await n.keeper.returnEmpty(1_000_000, soon());
  assert.deepEqual(order, [], 'not empty, then not empty for long enough');
  n.skip(1_000_000);
  await n.keeper.returnEmpty(1_000_000, soon());
  assert.deepEqual(order, ['release with 0 exported']);
  assert.deepEqual([n.blocks, n.exporter.exported], [[], []]);
  assert.deepEqual(await store.listNodeBlocks('node1', soon()), []);
});

ipamTest('a block that cannot be returned keeps no other one, and is exported again', async ({ node, store }) => {
  await store.createPool('web', poolOf(2, '192.0.2.0/28'), soon());
  const n = node(
    { keepSpare: false },
    {
      releaseBlock: async (name, owned, signal) => {
        if (owned.pool === 'default') throw new CoilError('corrupt-data', 'block/default/10.0.0.0: no JSON');
        return await store.releaseBlock(name, owned, signal);
      },
    },
  );
  for (const namespace of ['default', 'web']) await allocate(n, pod(namespace, { namespace }));
  for (const namespace of ['default', 'web']) await release(n, pod(namespace, { namespace }));
  n.skip(2_000);
  await fails(n.keeper.returnEmpty(1_000, soon()), 'corrupt-data', /block\/default/);
  assert.deepEqual([n.blocks, n.exporter.exported], [['10.0.0.0/30'], ['10.0.0.0/30']]);
});

ipamTest('a block that is not empty after all is exported again', async ({ node, store }) => {
  async function* blind(name: string, signal: AbortSignal) {
    for await (const change of store.watchNode(name, signal)) {
      if (change.kind === 'snapshot') yield change;
    }
  }
  const n = node({}, { watchNode: blind });
  await allocate(n, pod('a'));
  await release(n, pod('a'));
  const assignment = { containerId: 'v1', namespace: 'x', pod: 'y', createdAt: '2026-01-01T00:00:00Z' };
  await store.allocate({ node: 'node1', slots: [{ block: ip('10.0.0.0/30'), offset: 3 }], assignment }, soon());
  n.skip(2_000);
  await n.keeper.returnEmpty(1_000, soon());
  assert.deepEqual(n.exporter.exported, ['10.0.0.0/30']);
  assert.deepEqual((await store.listNodeBlocks('node1', soon())).length, 1);
});

ipamTest('a new coild of the node goes on with its blocks and addresses', async ({ node }) => {
  await (async () => {
    const first = node();
    await allocate(first, pod('a'));
    await first[Symbol.asyncDispose]();
  })();
  const second = node();
  assert.deepEqual(await allocate(second, pod('a')), ['10.0.0.0']);
  assert.deepEqual(second.exporter.exported, ['10.0.0.0/30']);
  assert.deepEqual(await allocate(second, pod('b')), ['10.0.0.1']);
});

ipamTest(
  'what v1 recorded is found without an interface, and by Pod where it has no container',
  async ({ node, store }) => {
    const n = node();
    await allocate(n, pod('a'));
    const record = async (offset: number, containerId: string, name: string) => {
      const assignment = { containerId, namespace: 'default', pod: name, createdAt: '2020-01-01T00:00:00Z' };
      await store.allocate({ node: 'node1', slots: [{ block: ip('10.0.0.0/30'), offset }], assignment }, soon());
    };
    await record(2, 'v1', 'web');
    await record(3, '', 'old');
    await waitFor(() => n.state.records.length === 3);
    assert.deepEqual(await allocate(n, pod('v1')), ['10.0.0.2']);
    assert.deepEqual(await release(n, pod('v1')), ['10.0.0.2']);
    assert.deepEqual(await release(n, pod('unknown', { pod: 'old' })), ['10.0.0.3']);
  },
);

ipamTest(
  'while the datastore cannot be read, a request waits for it, within its own bound',
  async ({ node, store }) => {
    const back = Promise.withResolvers<void>();
    async function* late(name: string, signal: AbortSignal) {
      await back.promise;
      yield* store.watchNode(name, signal);
    }
    const n = node({}, { watchNode: late });
    await fails(n.ipam.allocate(pod('a'), AbortSignal.timeout(20)), 'store-unavailable', /could not read/);
    const waiting = allocate(n, pod('a'));
    back.resolve();
    assert.deepEqual(await waiting, ['10.0.0.0']);
  },
);

ipamTest('a watch that ends is begun anew', async ({ node, store }) => {
  let rounds = 0;
  async function* breaking(name: string, signal: AbortSignal) {
    rounds++;
    for await (const change of store.watchNode(name, signal)) {
      yield change;
      if (rounds < 3) throw new CoilError('store-unavailable', 'connection lost');
    }
  }
  const n = node({}, { watchNode: breaking });
  await waitFor(() => rounds === 3);
  await store.createPool('dmz', poolOf(0, '192.0.2.0/31'), soon());
  await waitFor(() => n.state.pools.has('dmz'));
});

ipamTest(
  'of two addresses of one family that v1 gave a container, the first is used, and both are freed',
  async (setup) => {
    const { node, store } = setup;
    const block = await blockFor(store, 'node1', 'default');
    for (const offset of [2, 1]) {
      await store.allocate({ node: 'node1', slots: [{ block, offset }], assignment: assignmentOf('a') }, soon());
    }
    const n = node();
    assert.deepEqual(await allocate(n, pod('a')), ['10.0.0.2']);
    assert.deepEqual(await release(n, pod('a')), ['10.0.0.1', '10.0.0.2']);
    assert.deepEqual(await store.listAddresses(block, soon()), []);
  },
);

/** Waits for what comes by a watch. */
async function waitFor(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, `did not come true in time: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

for (const isReturned of [true, false]) {
  ipamTest(
    `a block is not announced after a return without an answer, ${isReturned ? 'which was made' : 'which came to nothing'}`,
    async ({ node, store }) => {
      let isLost = true;
      const n = node(
        {},
        {
          releaseBlock: async (...args) => {
            if (!isLost) return await store.releaseBlock(...args);
            isLost = false;
            if (isReturned) await store.releaseBlock(...args);
            throw new CoilError('store-unavailable', 'connection reset');
          },
        },
      );
      await allocate(n, pod('a'));
      await release(n, pod('a'));
      n.skip(2_000);
      await fails(n.sync.returnBlocks(1_000, soon()), 'store-unavailable');
      assert.deepEqual([n.blocks, n.exporter.exported], [[], []]);
      await n.sync.ready(soon());
      const first = isReturned ? '10.0.0.4/30' : '10.0.0.0/30';
      await allocate(n, pod('b'));
      assert.deepEqual([n.blocks, n.exporter.exported], [[first], [first]]);
    },
  );
}

ipamTest('the slot of an ADD that its DEL ended is given to nobody before the state is read anew', async ({ node }) => {
  const asked = Promise.withResolvers<void>();
  const n = node(
    {},
    {
      allocate: async (_, signal) => {
        asked.resolve();
        await once(signal, 'abort');
        throw signal.reason;
      },
    },
  );
  const abort = new AbortController();
  const adding = n.ipam.allocate(pod('a'), abort.signal);
  await asked.promise;
  abort.abort(new CoilError('conflict', 'a DEL of the same interface came'));
  await fails(adding, 'conflict');
  const given = Array.from({ length: 4 }, () => n.state.reserveFrom('default', 4, () => true)?.offset);
  assert.deepEqual(given, [1, 2, 3, undefined]);
});
