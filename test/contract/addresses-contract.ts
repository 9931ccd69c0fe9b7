import assert from 'node:assert/strict';
import { IpAddress } from '../../src/model/ip-address.ts';
import {
  acquired,
  allocated,
  assignmentOf,
  blockFor,
  dump,
  fails,
  freed,
  ip,
  poolOf,
  released,
  type StoreSetup,
  soon,
  storeTest,
} from './store-fixture.ts';

/** Addresses of blocks, and the fence: only who owns a block assigns its addresses. */
export function addressesContract(setup: StoreSetup): void {
  storeTest(setup, 'an address is assigned, read by another client, found and freed', async (store, fixture) => {
    await using other = await fixture.open();
    const block = await acquired(store, 'node1');
    const assignment = { ...assignmentOf('c1'), ifname: 'eth0' };
    const [record] = allocated(
      await store.allocate({ node: 'node1', slots: [{ block, offset: 5 }], assignment }, soon()),
    );
    assert.deepEqual(record?.assignment, assignment);
    assert.equal(record.offset, 5);
    assert.ok(record.block.equals(block));
    assert.deepEqual(await other.listAddresses(block, soon()), [record]);
    assert.deepEqual(await other.findAddress(IpAddress.parse('10.0.0.5'), soon()), record);
    assert.equal(await freed(other, record), 'freed');
    assert.deepEqual(await store.listAddresses(block, soon()), []);
    await fails(store.findAddress(IpAddress.parse('10.0.0.5'), soon()), 'address-not-found', /10\.0\.0\.5/);
    await fails(store.findAddress(IpAddress.parse('172.16.0.5'), soon()), 'address-not-found', /172\.16\.0\.5/);
  });

  storeTest(
    setup,
    'an address that is assigned is not assigned again; the answer tells to whom it is',
    async (store, fixture) => {
      await using other = await fixture.open();
      const block = await acquired(store, 'node1');
      const slots = [{ block, offset: 5 }];
      const records = allocated(await store.allocate({ node: 'node1', slots, assignment: assignmentOf('c1') }, soon()));
      const before = await dump(store);
      for (const containerId of ['c1', 'c2']) {
        const request = { node: 'node1', slots, assignment: assignmentOf(containerId) };
        assert.deepEqual(await other.allocate(request, soon()), { outcome: 'taken', records });
      }
      assert.equal(await dump(store), before);
    },
  );

  storeTest(setup, 'of several addresses all are assigned or none, over blocks and families', async (store) => {
    await store.createPool('dual', poolOf(8, '10.0.0.0/16', '2001:db8::/112'), soon());
    const v4 = await blockFor(store, 'node1', 'dual');
    const v6 = await blockFor(store, 'node1', 'dual', 6);
    const allocate = (containerId: string, ...slots: { block: typeof v4; offset: number }[]) =>
      store.allocate({ node: 'node1', slots, assignment: assignmentOf(containerId) }, soon());
    const both = allocated(await allocate('c1', { block: v4, offset: 255 }, { block: v6, offset: 255 }));
    assert.equal(both[0]?.revision, both[1]?.revision);
    assert.deepEqual(await store.findAddress(IpAddress.parse('2001:db8::ff'), soon()), both[1]);
    assert.deepEqual(await allocate('c2', { block: v4, offset: 7 }, { block: v6, offset: 255 }), {
      outcome: 'taken',
      records: [both[1]],
    });
    assert.deepEqual(await store.listAddresses(v4, soon()), [both[0]]);
    const many = Array.from({ length: 16 }, (_, offset) => ({ block: v4, offset }));
    assert.equal(allocated(await allocate('c3', ...many)).length, 16);
  });

  storeTest(setup, 'nothing is assigned out of a block that the node does not own', async (store, fixture) => {
    await using other = await fixture.open();
    const block = await acquired(store, 'node1');
    const owned = await blockFor(store, 'node2', 'default');
    const before = await dump(store);
    const allocate = (node: string, ...blocks: (typeof block)[]) => {
      const slots = blocks.map((each) => ({ block: each, offset: 1 }));
      return store.allocate({ node, slots, assignment: assignmentOf('c1') }, soon());
    };
    assert.deepEqual(await allocate('node2', block), { outcome: 'not-owned', blocks: [block] });
    assert.deepEqual(await allocate('node2', owned, block), { outcome: 'not-owned', blocks: [block] });
    for (const unknown of ['10.0.0.48/28', '172.16.0.0/28'].map(ip))
      assert.deepEqual(await allocate('node1', unknown), { outcome: 'not-owned', blocks: [unknown] });
    assert.equal(await dump(store), before);
    await released(other, 'node1', block);
    assert.deepEqual(await allocate('node1', block), { outcome: 'not-owned', blocks: [block] });
    await other.releaseNode('node2', soon());
    assert.deepEqual(await allocate('node2', owned), { outcome: 'not-owned', blocks: [owned] });
  });

  storeTest(setup, 'bad input changes nothing', async (store) => {
    const block = await acquired(store, 'node1');
    const before = await dump(store);
    for (const offsets of [[16], [-1], [0.5], [Number.NaN], [3, 3], Array.from({ length: 17 }, (_, i) => i), []]) {
      const slots = offsets.map((offset) => ({ block, offset }));
      const request = { node: 'node1', slots, assignment: assignmentOf('c1') };
      await fails(store.allocate(request, soon()), 'invalid-argument');
    }
    assert.equal(await dump(store), before);
  });

  storeTest(setup, 'only the assignment that was seen is freed', async (store) => {
    const block = await acquired(store, 'node1');
    const slots = [1, 2].map((offset) => ({ block, offset }));
    const allocate = async (containerId: string) =>
      allocated(await store.allocate({ node: 'node1', slots, assignment: assignmentOf(containerId) }, soon()));
    const old = await allocate('c1');
    assert.equal(await freed(store, ...old), 'freed');
    assert.equal(await freed(store, ...old), 'changed');
    const [first, second] = await allocate('c2');
    assert.equal(await freed(store, old[0]!), 'changed');
    assert.equal(await freed(store, first!, old[1]!), 'changed');
    assert.equal(await freed(store, first!, { block, offset: 9, revision: first!.revision }), 'changed');
    assert.deepEqual(await store.listAddresses(block, soon()), [first, second]);
    assert.equal(await freed(store, first!), 'freed');
    assert.deepEqual(await store.listAddresses(block, soon()), [second]);
  });

  storeTest(setup, 'addresses are listed by number, and only those of the block', async (store) => {
    await store.createPool('default', poolOf(8, '10.0.0.0/8'.replace('/8', '/16')), soon());
    const blocks = [];
    for (let i = 0; i < 11; i++) blocks.push(await blockFor(store, 'node1', 'default'));
    // 10.0.1.0 and 10.0.10.0 begin alike
    for (const [i, offsets] of [
      [1, [10, 9, 2, 100, 1]],
      [10, [3]],
    ] as const) {
      for (const offset of offsets) {
        const request = {
          node: 'node1',
          slots: [{ block: blocks[i]!, offset }],
          assignment: assignmentOf(`c${offset}`),
        };
        allocated(await store.allocate(request, soon()));
      }
    }
    const listed = await store.listAddresses(blocks[1]!, soon());
    assert.deepEqual(
      listed.map((record) => record.offset),
      [1, 2, 9, 10, 100],
    );
    assert.deepEqual(
      listed.map((record) => record.assignment.containerId),
      ['c1', 'c2', 'c9', 'c10', 'c100'],
    );
  });

  storeTest(setup, 'every change has a revision, greater than those before', async (store) => {
    await store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
    const acquisition = await store.acquireBlock({ node: 'node1', pool: 'default', family: 4 }, soon());
    const { block } = acquisition;
    assert.equal(acquisition.pool, 'default');
    const request = { node: 'node1', slots: [{ block, offset: 1 }], assignment: assignmentOf('c1') };
    const records = allocated(await store.allocate(request, soon()));
    const free = await store.free(records, soon());
    const release = await store.releaseBlock('node1', { pool: 'default', block }, soon());
    assert.ok(free.outcome === 'freed' && release.outcome === 'released');
    const revisions = [acquisition.revision, records[0]!.revision, free.revision, release.revision];
    assert.deepEqual(
      revisions,
      [...new Set(revisions)].sort((a, b) => a - b),
    );
  });
}
