import assert from 'node:assert/strict';
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

/** Blocks and their owners. */
export function blocksContract(setup: StoreSetup): void {
  storeTest(setup, 'the first free block is assigned, over the subnets in their order', async (store) => {
    await store.createPool('default', poolOf(4, '10.1.0.0/27', '10.0.0.0/28'), soon());
    const acquire = async () => String(await blockFor(store, 'node1', 'default'));
    assert.equal(await acquire(), '10.1.0.0/28');
    assert.equal(await acquire(), '10.1.0.16/28');
    assert.equal(await acquire(), '10.0.0.0/28');
    await fails(acquire(), 'out-of-blocks', /default/);
  });

  storeTest(setup, 'a spare is not the last free block', async (store) => {
    await store.createPool('default', poolOf(4, '10.0.0.0/27'), soon());
    const request = { node: 'node1', pool: 'default', family: 4 } as const;
    const spare = await store.acquireBlock({ ...request, isSpare: true }, soon());
    assert.equal(String(spare.block), '10.0.0.0/28');
    const before = await dump(store);
    await fails(store.acquireBlock({ ...request, isSpare: true }, soon()), 'out-of-blocks', /default/);
    assert.deepEqual(await dump(store), before);
    assert.equal(String((await store.acquireBlock(request, soon())).block), '10.0.0.16/28');
  });

  storeTest(setup, 'a released block goes to the end of the free list', async (store) => {
    await store.createPool('default', poolOf(4, '10.0.0.0/26'), soon());
    const block = await blockFor(store, 'node1', 'default');
    assert.equal(await released(store, 'node1', block), 'released');
    assert.deepEqual((await store.getBlockAssignment('default', ip('10.0.0.0/26'), soon())).toJSON(), {
      free: ['10.0.0.16/28', '10.0.0.32/28', '10.0.0.48/28', '10.0.0.0/28'],
      nodes: {},
    });
    for (const expected of ['10.0.0.16/28', '10.0.0.32/28', '10.0.0.48/28', '10.0.0.0/28'])
      assert.equal(String(await blockFor(store, 'node1', 'default')), expected);
  });

  storeTest(setup, 'a pool of both families gives blocks of the family asked for', async (store) => {
    await store.createPool('dual', poolOf(4, '10.0.0.0/27', '2001:db8::/123'), soon());
    const acquire = async (family: 4 | 6) => String(await blockFor(store, 'node1', 'dual', family));
    assert.equal(await acquire(6), '2001:db8::/124');
    assert.equal(await acquire(4), '10.0.0.0/28');
    assert.equal(await acquire(6), '2001:db8::10/124');
    await fails(acquire(6), 'out-of-blocks', /IPv6/);
    assert.equal(await acquire(4), '10.0.0.16/28');
    assert.deepEqual(
      (await store.listNodeBlocks('node1', soon())).map(({ block }) => String(block)),
      ['10.0.0.0/28', '10.0.0.16/28', '2001:db8::/124', '2001:db8::10/124'],
    );
  });

  storeTest(
    setup,
    'a pool without subnets of a family has no blocks of it; an unknown pool is not found',
    async (store) => {
      await store.createPool('default', poolOf(4, '10.0.0.0/27'), soon());
      const before = await dump(store);
      await fails(store.acquireBlock({ node: 'n', pool: 'default', family: 6 }, soon()), 'out-of-blocks');
      await fails(store.acquireBlock({ node: 'n', pool: 'nope', family: 4 }, soon()), 'pool-not-found', /nope/);
      assert.equal(await dump(store), before);
    },
  );

  storeTest(
    setup,
    'blocks are listed by pool and by node, pools whose names begin alike apart',
    async (store, fixture) => {
      await using other = await fixture.open();
      await store.createPool('web-2', poolOf(4, '10.2.0.0/24'), soon());
      await store.createPool('web', poolOf(4, '10.1.0.0/24'), soon());
      for (const [node, pool] of [
        ['b', 'web-2'],
        ['b', 'web'],
        ['a', 'web'],
        ['b', 'web'],
      ] as const)
        await store.acquireBlock({ node, pool, family: 4 }, soon());
      const ofB = ['web 10.1.0.0/28', 'web 10.1.0.32/28', 'web-2 10.2.0.0/28'];
      const show = ({ pool, block }: { pool: string; block: unknown }) => `${pool} ${block}`;
      assert.deepEqual((await other.listNodeBlocks('b', soon())).map(show), ofB);
      const all = await other.listBlocks(soon());
      assert.deepEqual([...all.keys()], ['a', 'b']);
      assert.deepEqual(all.get('a')?.map(show), ['web 10.1.0.16/28']);
      assert.deepEqual(all.get('b')?.map(show), ofB);
    },
  );

  storeTest(setup, 'a block with an address is not released', async (store, fixture) => {
    await using other = await fixture.open();
    const block = await acquired(store, 'node1');
    const request = { node: 'node1', slots: [{ block, offset: 3 }], assignment: assignmentOf('c1') };
    const [record] = allocated(await other.allocate(request, soon()));
    const before = await dump(store);
    assert.equal(await released(store, 'node1', block), 'not-empty');
    assert.equal(await dump(store), before);
    assert.equal(await freed(other, record!), 'freed');
    assert.equal(await released(store, 'node1', block), 'released');
  });

  storeTest(setup, 'what the node does not own is not released, and a second time neither', async (store) => {
    const block = await acquired(store, 'node1');
    const before = await dump(store);
    assert.equal(await released(store, 'node2', block), 'not-owned');
    for (const other of ['10.0.0.16/28', '10.0.0.0/27', '172.16.0.0/28'])
      assert.equal(await released(store, 'node1', ip(other)), 'not-owned');
    assert.equal(await released(store, 'node1', block, 'nope'), 'not-owned');
    assert.equal(await dump(store), before);
    assert.equal(await released(store, 'node1', block), 'released');
    const after = await dump(store);
    assert.equal(await released(store, 'node1', block), 'not-owned');
    assert.equal(await dump(store), after);
  });

  storeTest(
    setup,
    'a node that is gone loses its blocks and addresses, and nobody else any',
    async (store, fixture) => {
      await using other = await fixture.open();
      await store.createPool('a', poolOf(4, '10.0.0.0/24', '2001:db8::/120'), soon());
      await store.createPool('b', poolOf(4, '10.1.0.0/24'), soon());
      const mine = [];
      for (const [pool, family] of [
        ['a', 4],
        ['b', 4],
        ['a', 6],
        ['a', 4],
      ] as const) {
        mine.push({ pool, block: await blockFor(store, 'gone', pool, family) });
      }
      const kept = await blockFor(store, 'kept', 'a');
      for (const { block } of mine) {
        const slots = [1, 2, 3].map((offset) => ({ block, offset }));
        allocated(await store.allocate({ node: 'gone', slots, assignment: assignmentOf('c') }, soon()));
      }
      const assignment = assignmentOf('kept');
      allocated(await store.allocate({ node: 'kept', slots: [{ block: kept, offset: 1 }], assignment }, soon()));
      const show = ({ pool, block }: { pool: string; block: unknown }) => `${pool} ${block}`;
      const taken = await other.releaseNode('gone', soon());
      assert.deepEqual(new Set(taken.map(show)), new Set(mine.map(show)));
      assert.equal(taken.length, mine.length);
      for (const { block } of mine) assert.deepEqual(await store.listAddresses(block, soon()), []);
      assert.equal((await store.listAddresses(kept, soon())).length, 1);
      assert.deepEqual([...(await store.listBlocks(soon())).keys()], ['kept']);
      const free = (await store.getBlockAssignment('a', ip('10.0.0.0/24'), soon())).freeList.map(String);
      assert.deepEqual(free.slice(-2), ['10.0.0.0/28', '10.0.0.16/28']);
      assert.deepEqual(await other.releaseNode('gone', soon()), []);
    },
  );

  storeTest(setup, 'a signal that is aborted ends a call before it changes anything', async (store) => {
    const block = await acquired(store, 'node1');
    const before = await dump(store);
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    const slots = [{ block, offset: 0 }];
    for (const call of [
      () => store.createPool('p', poolOf(4, '10.7.0.0/24'), signal),
      () => store.acquireBlock({ node: 'node1', pool: 'default', family: 4 }, signal),
      () => store.releaseBlock('node1', { pool: 'default', block }, signal),
      () => store.releaseNode('node1', signal),
      () => store.allocate({ node: 'node1', slots, assignment: assignmentOf('c') }, signal),
      () => store.listPools(signal),
    ])
      await assert.rejects(call(), (error) => error === reason || (error as Error).cause === reason);
    assert.equal(await dump(store), before);
  });
}
