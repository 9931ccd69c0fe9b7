import assert from 'node:assert/strict';
import { acquired, dump, type StoreSetup, soon, storeTest } from './store-fixture.ts';

/** Boots of nodes. */
export function bootsContract(setup: StoreSetup): void {
  storeTest(setup, "a node's boot is read by another client, replaced, and nobody else's", async (store, fixture) => {
    await using other = await fixture.open();
    const before = await dump(store);
    assert.equal(await store.readBoot('node1', soon()), undefined);
    await store.writeBoot('node1', 'first', soon());
    await store.writeBoot('node1.example', 'other', soon());
    assert.equal(await other.readBoot('node1', soon()), 'first');
    await other.writeBoot('node1', 'second', soon());
    await other.writeBoot('node1', 'second', soon());
    assert.equal(await store.readBoot('node1', soon()), 'second');
    assert.equal(await store.readBoot('node1.example', soon()), 'other');
    assert.equal(await store.readBoot('node', soon()), undefined);
    assert.equal(await dump(store), before);
  });

  storeTest(setup, 'a node that is released has no boot any more, and others keep theirs', async (store) => {
    await acquired(store, 'node1');
    for (const node of ['node1', 'node2', 'node10']) await store.writeBoot(node, `of ${node}`, soon());
    await store.releaseNode('node1', soon());
    assert.equal(await store.readBoot('node1', soon()), undefined);
    assert.equal(await store.readBoot('node2', soon()), 'of node2');
    assert.equal(await store.readBoot('node10', soon()), 'of node10');
  });
}
