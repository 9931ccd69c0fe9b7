import assert from 'node:assert/strict';
import type { IpamStore } from '../../src/store/ipam-store.ts';
import {
  acquired,
  allocated,
  assignmentOf,
  blockFor,
  freed,
  ip,
  poolOf,
  released,
  type StoreFixture,
  type StoreSetup,
  soon,
  storeTest,
} from './store-fixture.ts';

const CLIENTS = 5;

/** Several clients at once: no duplicate, nothing lost. */
export function racesContract(setup: StoreSetup): void {
  storeTest(setup, '50 nodes that acquire at once get a block of one subnet each', async (store, fixture) => {
    await store.createPool('default', poolOf(2, '10.0.0.0/20'), soon());
    const nodes = Array.from({ length: 50 }, (_, i) => `node${i}`);
    const blocks = await onClients(fixture, nodes, (client, node) => blockFor(client, node, 'default'));
    assert.equal(new Set(blocks.map(String)).size, 50);
    const assignment = await store.getBlockAssignment('default', ip('10.0.0.0/20'), soon());
    for (const [i, node] of nodes.entries()) assert.deepEqual(assignment.blocksOf(node), [blocks[i]]);
    assert.equal(assignment.total, 1024);
    const first = assignment.freeList[0];
    assert.equal(String(first), '10.0.0.200/30', 'the first free ones were taken');
  });

  storeTest(
    setup,
    'when blocks run out in a race, as many nodes fail as there are too many',
    async (store, fixture) => {
      await store.createPool('default', poolOf(2, '10.0.0.0/28', '10.0.1.0/28'), soon());
      const nodes = Array.from({ length: 12 }, (_, i) => `node${i}`);
      const outcomes = await onClients(fixture, nodes, (client, node) =>
        blockFor(client, node, 'default').then(String, (error) => error.code as string),
      );
      assert.equal(outcomes.filter((outcome) => outcome === 'out-of-blocks').length, 4);
      assert.equal(new Set(outcomes).size, 9);
    },
  );

  storeTest(setup, '200 allocators of colliding offsets in one block get an address each', async (store, fixture) => {
    await store.createPool('default', poolOf(8, '10.0.0.0/24'), soon());
    const block = await blockFor(store, 'node1', 'default');
    const containers = Array.from({ length: 200 }, (_, i) => `c${i}`);
    const offsets = await onClients(fixture, containers, async (client, containerId, i) => {
      // every offset is wanted by four, at every try
      for (let offset = i % 50; offset < 256; offset += 50) {
        const request = { node: 'node1', slots: [{ block, offset }], assignment: assignmentOf(containerId) };
        const outcome = await client.allocate(request, soon());
        if (outcome.outcome === 'allocated') return offset;
        assert.ok(outcome.outcome === 'taken');
        assert.notEqual(outcome.records[0]?.assignment.containerId, containerId);
      }
      return assert.fail(`no address for ${containerId}`);
    });
    assert.equal(new Set(offsets).size, 200);
    const listed = await store.listAddresses(block, soon());
    assert.equal(listed.length, 200);
    for (const record of listed)
      assert.equal(offsets[containers.indexOf(record.assignment.containerId)], record.offset);
  });

  storeTest(setup, 'a block is released, or an address of it is assigned: never both', async (store, fixture) => {
    await using other = await fixture.open();
    await store.createPool('default', poolOf(4, '10.0.0.0/23'), soon());
    for (let round = 0; round < 20; round++) {
      const block = await blockFor(store, 'node1', 'default');
      const request = { node: 'node1', slots: [{ block, offset: 1 }], assignment: assignmentOf('c1') };
      const [release, outcome] = await Promise.all([released(store, 'node1', block), other.allocate(request, soon())]);
      const { outcome: assigned } = outcome;
      assert.ok(
        (release === 'released' && assigned === 'not-owned') || (release === 'not-empty' && assigned === 'allocated'),
        `the block is ${release}, the address ${assigned}`,
      );
      assert.equal((await store.listAddresses(block, soon())).length, assigned === 'allocated' ? 1 : 0);
    }
  });

  storeTest(setup, 'an address that several clients free at once is freed once', async (store, fixture) => {
    const block = await acquired(store, 'node1');
    const request = { node: 'node1', slots: [{ block, offset: 1 }], assignment: assignmentOf('c1') };
    const records = allocated(await store.allocate(request, soon()));
    const outcomes = await onClients(fixture, Array.from({ length: 10 }), (client) => freed(client, ...records));
    assert.equal(outcomes.filter((outcome) => outcome === 'freed').length, 1, outcomes.join());
    assert.equal(outcomes.filter((outcome) => outcome === 'changed').length, 9, outcomes.join());
  });
}

/** Calls for every item at once, over several clients; all of them must succeed. */
async function onClients<Item, Result>(
  fixture: StoreFixture,
  items: readonly Item[],
  call: (client: IpamStore, item: Item, i: number) => Promise<Result>,
): Promise<Result[]> {
  await using stack = new AsyncDisposableStack();
  const clients: IpamStore[] = [];
  for (let i = 0; i < CLIENTS; i++) clients.push(stack.use(await fixture.open()));
  const settled = await Promise.allSettled(items.map((item, i) => call(clients[i % CLIENTS]!, item, i)));
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
