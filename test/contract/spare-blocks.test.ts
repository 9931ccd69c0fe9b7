import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { IpamNode, type IpamNodeOptions, overriding } from './ipam-node.ts';
import { SqliteFixture } from './sqlite-fixture.ts';
import { poolOf, soon } from './store-fixture.ts';

const SCAN_MS = 1_000;

interface Setup {
  readonly node: IpamNode;
  /** What the node did, in its order. */
  readonly order: readonly string[];
  add(...names: readonly string[]): Promise<void>;
  del(...names: readonly string[]): Promise<void>;
  /** A scan, after all has been empty for long enough. */
  scan(): Promise<void>;
}

/** A node over a pool `default` of blocks of eight addresses, so that two are left when it is time for a spare. */
function spareTest(
  name: string,
  body: (setup: Setup) => Promise<void>,
  { subnet = '10.0.0.0/26', ...options }: IpamNodeOptions & { readonly subnet?: string } = {},
): void {
  test(name, { timeout: 30_000 }, async () => {
    using fixture = new SqliteFixture();
    await using store = await fixture.open({ pollMs: 10 });
    await store.createPool('default', poolOf(3, subnet), soon());
    await store.createPool('other', poolOf(3, '10.1.0.0/26'), soon());
    const order: string[] = [];
    const watched = overriding(store, {
      acquireBlock: async (request, signal) => {
        // longer than an address takes, as over the network
        await new Promise(setImmediate);
        const acquired = await store.acquireBlock(request, signal);
        order.push(`acquire ${acquired.block}`);
        return acquired;
      },
      allocate: async (request, signal) => {
        order.push(`allocate with ${node.exporter.exported.length} exported`);
        return await store.allocate(request, signal);
      },
    });
    const node: IpamNode = new IpamNode(watched, { restMs: 0, ...options });
    await using _ = node;
    const request = (containerId: string) => ({ containerId, ifname: 'eth0', namespace: 'default', pod: containerId });
    await body({
      ...{ node, order },
      add: async (...names) => {
        for (const each of names) await node.ipam.allocate(request(each), soon());
      },
      del: async (...names) => {
        for (const each of names) await node.ipam.release(request(each), soon());
      },
      scan: async () => {
        node.skip(SCAN_MS);
        await node.keeper.returnEmpty(SCAN_MS, soon());
      },
    });
  });
}

spareTest(
  'a block is acquired and exported before the last addresses go, and only one',
  async ({ node, order, add }) => {
    await add('a', 'b', 'c', 'd', 'e');
    await settled();
    assert.deepEqual(node.blocks, ['10.0.0.0/29']);
    await add('f');
    await until(() => node.exporter.exported.length === 2);
    await add('g', 'h', 'i');
    await settled();
    assert.deepEqual(node.blocks, ['10.0.0.0/29', '10.0.0.8/29']);
    assert.deepEqual(
      order.filter((step, i) => step !== order[i - 1]),
      ['acquire 10.0.0.0/29', 'allocate with 1 exported', 'acquire 10.0.0.8/29', 'allocate with 2 exported'],
    );
  },
);

spareTest('where one is acquired already for a Pod that waits, a spare is not acquired too', async ({ node, add }) => {
  await add('a', 'b', 'c', 'd', 'e');
  await settled();
  // three of them take the last addresses, and one waits for a block
  await Promise.all(['f', 'g', 'h', 'i'].map((name) => add(name)));
  await settled();
  assert.deepEqual(node.blocks, ['10.0.0.0/29', '10.0.0.8/29']);
});

spareTest('an empty spare stays at the scan, one of several, until no Pod of the pool is left', async (setup) => {
  const { node, add, del, scan } = setup;
  const names = Array.from({ length: 20 }, (_, i) => `p${i}`);
  await add(...names);
  await until(() => node.exporter.exported.length === 3);
  await del(...names.slice(1));
  await scan();
  assert.deepEqual(node.blocks, ['10.0.0.0/29', '10.0.0.8/29']);
  assert.deepEqual(node.exporter.exported.toSorted(), node.blocks);
  await scan();
  assert.equal(node.blocks.length, 2);
  await del('p0');
  await scan();
  assert.deepEqual([node.blocks, node.exporter.exported], [[], []]);
});

spareTest(
  'of a pool that has no block left, an empty one is returned',
  async ({ node, add, del, scan }) => {
    await add('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o');
    await settled();
    assert.deepEqual(node.blocks, ['10.0.0.0/29', '10.0.0.8/29']);
    await del('i', 'j', 'k', 'l', 'm', 'n', 'o');
    await scan();
    assert.deepEqual(node.blocks, ['10.0.0.0/29']);
  },
  { subnet: '10.0.0.0/28' },
);

spareTest(
  'known to be without its datastore, the node neither asks for a spare nor withdraws a route',
  async (setup) => {
    const { node, order, add, del, scan } = setup;
    await add('a', 'b', 'c', 'd', 'e', 'f');
    await settled();
    assert.deepEqual(
      order.filter((step) => step.startsWith('acquire')),
      ['acquire 10.0.0.0/29'],
    );
    await del('a', 'b', 'c', 'd', 'e', 'f');
    const { exported } = node.exporter;
    await scan();
    assert.deepEqual(node.exporter.exported, exported);
    assert.deepEqual(node.blocks, ['10.0.0.0/29']);
  },
  { isOffline: () => true },
);

spareTest(
  '--spare-blocks=0: none is acquired, and none kept',
  async ({ node, add, del, scan }) => {
    await add('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
    await settled();
    assert.deepEqual(node.blocks, ['10.0.0.0/29']);
    await add('i');
    await del('i');
    await scan();
    assert.deepEqual(node.blocks, ['10.0.0.0/29']);
  },
  { keepSpare: false },
);

/** Long enough for what goes on in the background, if anything does. */
async function settled(): Promise<void> {
  await delay(100);
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 5_000; !condition(); ) {
    assert.ok(performance.now() < deadline, 'not within 5 s');
    await delay(2);
  }
}
