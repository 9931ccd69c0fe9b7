import assert from 'node:assert/strict';
import { acquired, allocated, assignmentOf, dump, fails, type StoreSetup, soon, storeTest } from './store-fixture.ts';

/** Whether a datastore can be changed. */
export function healthContract(setup: StoreSetup): void {
  storeTest(setup, 'a try to change something changes nothing, and no watch is told of it', async (store, fixture) => {
    const block = await acquired(store, 'node1');
    await using other = await fixture.open();
    const watch = other.watchNode('node1', soon())[Symbol.asyncIterator]();
    await watch.next();
    const before = await dump(store);
    await store.checkWritable(soon());
    await Promise.all([store.checkWritable(soon()), other.checkWritable(soon())]);
    assert.equal(await dump(store), before);
    const request = { node: 'node1', slots: [{ block, offset: 0 }], assignment: assignmentOf('c1') };
    const [record] = allocated(await store.allocate(request, soon()));
    const { value } = await watch.next();
    assert.deepEqual(value, { kind: 'address', revision: record!.revision, slot: value.slot, record });
    await watch.return?.();
  });

  storeTest(setup, 'a try ends with its signal, and fails where the store is closed', async (store) => {
    await assert.rejects(store.checkWritable(AbortSignal.abort(new Error('enough'))), /enough/);
    await store[Symbol.asyncDispose]();
    await fails(store.checkWritable(soon()), 'store-unavailable', /closed/);
  });
}
