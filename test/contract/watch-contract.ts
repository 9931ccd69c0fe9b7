import assert from 'node:assert/strict';
import type { IpamStore, NodeChange, NodeSnapshot } from '../../src/store/ipam-store.ts';
import {
  acquired,
  allocated,
  assignmentOf,
  blockFor,
  freed,
  poolOf,
  released,
  type StoreSetup,
  soon,
  storeTest,
} from './store-fixture.ts';
import { WatchedNode } from './watched-node.ts';

/** What a node is told of its pools, blocks and addresses. */
export function watchContract(setup: StoreSetup): void {
  storeTest(setup, 'a watch begins with what is there', async (store, fixture) => {
    await using other = await fixture.open();
    const block = await acquired(store, 'node1');
    await blockFor(store, 'node2', 'default');
    const slots = [1, 10, 2].map((offset) => ({ block, offset }));
    const records = allocated(await store.allocate({ node: 'node1', slots, assignment: assignmentOf('c1') }, soon()));
    await using watched = await WatchedNode.begin(other, 'node1');
    const { snapshot } = watched;
    assert.deepEqual(
      [...snapshot.pools].map(([name, pool]) => `${name} ${pool.subnets}`),
      ['default 10.0.0.0/24'],
    );
    assert.deepEqual(snapshot.blocks, [{ pool: 'default', block }]);
    assert.deepEqual(new Set(snapshot.addresses), new Set(records));
    assert.deepEqual(snapshot.unreadable, []);
    assert.ok(snapshot.revision >= records[0]!.revision);
  });

  storeTest(setup, 'blocks and addresses that another client changes are told', async (store, fixture) => {
    await using other = await fixture.open();
    await using watched = await WatchedNode.begin(other, 'node1');
    assert.deepEqual(watched.snapshot.blocks, []);
    const block = await acquired(store, 'node1');
    await watched.until((node) => node.blocks().includes(`default ${block}`), 'the block acquired');
    const slots = [
      { block, offset: 3 },
      { block, offset: 12 },
    ];
    const records = allocated(await store.allocate({ node: 'node1', slots, assignment: assignmentOf('c1') }, soon()));
    await watched.until((node) => node.addresses().length === 2, 'two addresses');
    assert.deepEqual(watched.addresses(), records);
    await freed(store, records[0]!);
    await watched.until((node) => node.addresses().length === 1, 'one address');
    assert.deepEqual(watched.addresses(), [records[1]]);
    await freed(store, records[1]!);
    await released(store, 'node1', block);
    await watched.until((node) => node.blocks().length === 0, 'no block');
  });

  storeTest(
    setup,
    'a block that releaseNode took is told to be lost, its addresses with it',
    async (store, fixture) => {
      await using other = await fixture.open();
      const block = await acquired(store, 'node1');
      const request = { node: 'node1', slots: [{ block, offset: 3 }], assignment: assignmentOf('c1') };
      allocated(await store.allocate(request, soon()));
      await using watched = await WatchedNode.begin(store, 'node1');
      await other.releaseNode('node1', soon());
      await watched.until((node) => node.blocks().length === 0 && node.addresses().length === 0, 'nothing left');
      // acquired by somebody else, and then by the node again: its addresses are told anew
      await blockFor(other, 'node2', 'default');
      const again = await blockFor(other, 'node1', 'default');
      const slots = [{ block: again, offset: 5 }];
      const [record] = allocated(
        await other.allocate({ node: 'node1', slots, assignment: assignmentOf('c2') }, soon()),
      );
      await watched.until((node) => node.addresses().length === 1, 'the new address');
      assert.deepEqual(watched.blocks(), [`default ${again}`]);
      assert.deepEqual(watched.addresses(), [record]);
    },
  );

  storeTest(setup, 'what other nodes do is not told', async (store, fixture) => {
    await using other = await fixture.open();
    await using watched = await WatchedNode.begin(store, 'node1');
    const block = await acquired(other, 'node2');
    const request = { node: 'node2', slots: [{ block, offset: 3 }], assignment: assignmentOf('c1') };
    allocated(await other.allocate(request, soon()));
    const mine = await blockFor(other, 'node1', 'default');
    await watched.until((node) => node.blocks().length > 0, 'the own block');
    assert.deepEqual(watched.blocks(), [`default ${mine}`]);
    assert.deepEqual(watched.addresses(), []);
  });

  storeTest(setup, 'a pool that is added, and one that grows, are told', async (store, fixture) => {
    await using other = await fixture.open();
    await using watched = await WatchedNode.begin(store, 'node1');
    await other.createPool('web', poolOf(4, '10.0.0.0/24'), soon());
    await watched.until((node) => node.pools().has('web'), 'the pool');
    await other.addSubnet('web', poolOf(4, '10.1.0.0/24').subnets[0]!, soon());
    await watched.until((node) => node.pools().get('web')?.subnets.length === 2, 'its second subnet');
    const block = await blockFor(other, 'node1', 'web');
    await watched.until((node) => node.blocks().includes(`web ${block}`), 'a block of it');
  });

  storeTest(setup, 'between a snapshot and the changes after it nothing is lost', async (store, fixture) => {
    await using other = await fixture.open();
    const block = await acquired(store, 'node1');
    const writing = fillAndHalfFree(other, block);
    const watches: WatchedNode[] = [];
    try {
      for (let i = 0; i < 5; i++) watches.push(await WatchedNode.begin(store, 'node1'));
      await writing;
      const expected = await store.listAddresses(block, soon());
      assert.equal(expected.length, 8);
      for (const watched of watches) {
        await watched.until((node) => JSON.stringify(node.addresses()) === JSON.stringify(expected), 'the end state');
      }
    } finally {
      await writing.catch(() => undefined);
      for (const watched of watches) await watched[Symbol.asyncDispose]();
    }
  });

  storeTest(setup, 'a consumer that leaves early leaves nothing behind, and may come again', async (store) => {
    const block = await acquired(store, 'node1');
    for (let i = 0; i < 3; i++) {
      for await (const event of store.watchNode('node1', soon())) {
        assert.ok(event.kind === 'snapshot');
        assert.deepEqual(event.blocks, [{ pool: 'default', block }]);
        break;
      }
    }
  });

  storeTest(setup, 'aborting ends a watch without an error', async (store, fixture) => {
    await using other = await fixture.open();
    await acquired(store, 'node1');
    const abort = new AbortController();
    const events: (NodeSnapshot | NodeChange)[] = [];
    for await (const event of other.watchNode('node1', abort.signal)) {
      events.push(event);
      // after the loop waits for what comes next
      setImmediate(() => abort.abort(new Error('enough')));
    }
    assert.deepEqual(
      events.map((event) => event.kind),
      ['snapshot'],
    );
    for await (const event of other.watchNode('node1', AbortSignal.abort())) assert.fail(`got a ${event.kind}`);
  });
}

/** Assigns all 16 addresses of a block, one by one, and frees every second one. */
async function fillAndHalfFree(store: IpamStore, block: NodeSnapshot['blocks'][number]['block']): Promise<void> {
  for (let offset = 0; offset < 16; offset++) {
    const request = { node: 'node1', slots: [{ block, offset }], assignment: assignmentOf(`c${offset}`) };
    const records = allocated(await store.allocate(request, soon()));
    if (offset % 2) assert.equal(await freed(store, ...records), 'freed');
  }
}
