import assert from 'node:assert/strict';
import type { IpamStore } from '../../src/store/ipam-store.ts';
import {
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
import { WatchedNode } from './watched-node.ts';

const SUBNET = '10.0.0.0/24';
const OTHER = '2001:db8::/120';

/** Pools and subnets that go again. */
export function poolRemovalContract(setup: StoreSetup): void {
  storeTest(setup, 'a pool goes with all that is of it, and another stays', async (store, fixture) => {
    await using other = await fixture.open();
    await store.createPool('kept', poolOf(4, '10.9.0.0/24'), soon());
    await blockFor(store, 'node1', 'kept');
    const before = await dump(store);
    await store.createPool('web', poolOf(4, SUBNET, OTHER), soon());
    await other.deletePool('web', soon());
    assert.equal(await dump(store), before);
    await fails(store.getPool('web', soon()), 'pool-not-found');
    await fails(blockFor(other, 'node1', 'web'), 'pool-not-found', /web/);
    await fails(store.deletePool('web', soon()), 'pool-not-found', /not found.*web/);
    // its name and its subnets may be used again, otherwise
    await store.createPool('all', poolOf(6, '10.0.0.0/20'), soon());
    await store.createPool('web', poolOf(2, OTHER), soon());
    assert.equal(String(await blockFor(store, 'node1', 'web', 6)), '2001:db8::/126');
  });

  storeTest(setup, 'a subnet goes, and the others of its pool stay in their order', async (store) => {
    await store.createPool('web', poolOf(4, '10.2.0.0/24', SUBNET, OTHER), soon());
    await store.removeSubnet('web', ip(SUBNET), soon());
    const subnets = async () => (await store.getPool('web', soon())).subnets.join();
    assert.equal(await subnets(), `10.2.0.0/24,${OTHER}`);
    await fails(store.getBlockAssignment('web', ip(SUBNET), soon()), 'subnet-not-found');
    await store.addSubnet('web', ip('10.1.0.0/24'), soon());
    await store.addSubnet('web', ip('10.0.0.0/25'), soon());
    assert.equal(await subnets(), `10.2.0.0/24,${OTHER},10.1.0.0/24,10.0.0.0/25`);
    await store.removeSubnet('web', ip('10.2.0.0/24'), soon());
    assert.equal(String(await blockFor(store, 'node1', 'web')), '10.1.0.0/28');
  });

  storeTest(setup, 'what nodes own is named, and stays; once it is returned, the pool can go', async (store) => {
    await store.createPool('web', poolOf(4, SUBNET, OTHER), soon());
    const [a, b] = [await blockFor(store, 'b', 'web'), await blockFor(store, 'a', 'web', 6)];
    const before = await dump(store);
    const all = /^pool in use: of pool web, node a owns 2001:db8::\/124; node b owns 10\.0\.0\.0\/28$/;
    await fails(store.deletePool('web', soon()), 'pool-in-use', all);
    const one = /^pool in use: of subnet 10\.0\.0\.0\/24 of pool web, node b owns 10\.0\.0\.0\/28$/;
    await fails(store.removeSubnet('web', ip(SUBNET), soon()), 'pool-in-use', one);
    assert.equal(await dump(store), before);
    assert.equal(await released(store, 'b', a, 'web'), 'released');
    await store.removeSubnet('web', ip(SUBNET), soon());
    assert.equal(await released(store, 'a', b, 'web'), 'released');
    await store.deletePool('web', soon());
    assert.equal(await dump(store), '');
  });

  storeTest(setup, 'of many nodes and blocks some are named', async (store) => {
    await store.createPool('web', poolOf(2, SUBNET), soon());
    for (let i = 0; i < 11; i++) await blockFor(store, i < 5 ? 'a' : `b${i}`, 'web');
    await fails(
      store.deletePool('web', soon()),
      'pool-in-use',
      /node a owns 10\.0\.0\.0\/30, .*, 10\.0\.0\.12\/30 and 1 more blocks; node b10 owns .* and 3 more nodes$/,
    );
  });

  storeTest(setup, 'what is not there is said not to be there, and the last subnet stays', async (store) => {
    await store.createPool('web', poolOf(4, SUBNET), soon());
    const before = await dump(store);
    await fails(store.deletePool('nope', soon()), 'pool-not-found', /nope/);
    await fails(store.removeSubnet('nope', ip(SUBNET), soon()), 'pool-not-found', /nope/);
    for (const subnet of ['10.0.0.0/25', '10.0.0.0/16', OTHER])
      await fails(store.removeSubnet('web', ip(subnet), soon()), 'subnet-not-found', new RegExp(subnet));
    await fails(
      store.removeSubnet('web', ip(SUBNET), soon()),
      'invalid-argument',
      /10\.0\.0\.0\/24 is the only subnet/,
    );
    await assert.rejects(store.deletePool('web', AbortSignal.abort(new Error('enough'))));
    assert.equal(await dump(store), before);
  });

  storeTest(setup, 'a subnet, and a pool, that go are told to every node', async (store, fixture) => {
    await using other = await fixture.open();
    await store.createPool('web', poolOf(4, SUBNET, OTHER), soon());
    await using watched = await WatchedNode.begin(store, 'node1');
    await other.removeSubnet('web', ip(SUBNET), soon());
    await watched.until((node) => node.pools().get('web')?.subnets.join() === OTHER, 'the subnet that is left');
    await other.deletePool('web', soon());
    await watched.until((node) => !node.pools().has('web'), 'no pool');
    // as if it had never been there
    await other.createPool('web', poolOf(4, SUBNET), soon());
    await watched.until((node) => node.pools().get('web')?.subnets.join() === SUBNET, 'the new pool');
    const block = await blockFor(other, 'node1', 'web');
    await watched.until((node) => node.blocks().includes(`web ${block}`), 'a block of it');
  });

  storeTest(setup, 'a pool goes, or a node acquires a block of it: never both', async (store, fixture) => {
    await using other = await fixture.open();
    const nodes = ['node1', 'node2', 'node3'];
    const seen = { gone: 0, kept: 0 };
    for (let round = 0; round < 60; round++) {
      await store.createPool('web', poolOf(4, SUBNET), soon());
      const remove = () => outcomeOf(store.deletePool('web', soon()), 'gone');
      const acquire = () => nodes.map((node) => outcomeOf(blockFor(other, node, 'web'), 'acquired'));
      const first = round % 3 === 0 ? [remove()] : [];
      const acquired = acquire();
      if (round % 3 === 2) await acquired[0];
      const [removed, ...outcomes] = await Promise.all([first[0] ?? remove(), ...acquired]);
      const owned = [...(await store.listBlocks(soon())).keys()];
      assert.equal(owned.length, outcomes.filter((outcome) => outcome === 'acquired').length, outcomes.join());
      if (removed === 'gone') {
        for (const outcome of outcomes) assert.ok(['pool-not-found', 'out-of-blocks'].includes(outcome), outcome);
        assert.equal(await dump(store), '');
        seen.gone++;
      } else {
        assert.equal(removed, 'pool-in-use');
        assert.deepEqual(outcomes, ['acquired', 'acquired', 'acquired']);
        for (const node of nodes) await store.releaseNode(node, soon());
        await store.deletePool('web', soon());
        seen.kept++;
      }
    }
    assert.ok(seen.gone > 0 && seen.kept > 0, JSON.stringify(seen));
  });

  storeTest(setup, 'a subnet goes while nodes acquire: they get blocks of the other one', async (store, fixture) => {
    await using other = await fixture.open();
    for (let round = 0; round < 20; round++) {
      await store.createPool('web', poolOf(4, SUBNET, '10.1.0.0/24'), soon());
      const [removed, ...blocks] = await Promise.all([
        outcomeOf(store.removeSubnet('web', ip(SUBNET), soon()), 'gone'),
        ...['node1', 'node2', 'node3'].map((node) => blockFor(other, node, 'web')),
      ]);
      const inside = blocks.filter((block) => ip(SUBNET).overlaps(block)).length;
      assert.equal(removed, inside > 0 ? 'pool-in-use' : 'gone', `${inside} blocks of the subnet`);
      for (const node of ['node1', 'node2', 'node3']) await store.releaseNode(node, soon());
      await store.deletePool('web', soon());
    }
  });

  storeTest(setup, 'an address keeps its pool, until it is free and its block returned', async (store) => {
    await store.createPool('web', poolOf(4, SUBNET), soon());
    const block = await blockFor(store, 'node1', 'web');
    const request = { node: 'node1', slots: [{ block, offset: 1 }], assignment: assignmentOf('c1') };
    const records = allocated(await store.allocate(request, soon()));
    await fails(store.deletePool('web', soon()), 'pool-in-use', /node1/);
    assert.equal(await freed(store, ...records), 'freed');
    await released(store, 'node1', block, 'web');
    await store.deletePool('web', soon());
    assert.equal((await allocateIn(store, block)).outcome, 'not-owned');
  });
}

function allocateIn(store: IpamStore, block: Awaited<ReturnType<typeof blockFor>>) {
  const request = { node: 'node1', slots: [{ block, offset: 1 }], assignment: assignmentOf('c2') };
  return store.allocate(request, soon());
}

/** `done`, or the code of what it failed with. */
function outcomeOf(promise: Promise<unknown>, done: string): Promise<string> {
  return promise.then(
    () => done,
    (error) => error.code ?? String(error),
  );
}
