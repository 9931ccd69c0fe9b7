import assert from 'node:assert/strict';
import { CoilError } from '../../src/model/error.ts';
import type { IpamStore } from '../../src/store/ipam-store.ts';
import { overriding } from '../contract/ipam-node.ts';
import { fails, soon } from '../contract/store-fixture.ts';
import { add, del, type OfflineNode, type OfflineSetup, offlineTest, until } from './offline-fixture.ts';

/** A node with a block that is due to be returned. */
async function startWithEmptyBlock({ start }: OfflineSetup, remote?: IpamStore): Promise<OfflineNode> {
  const node = await start({ restMs: 0, keepSpare: false, ...(remote && { remote }) });
  await add(node, 'a');
  await del(node, 'a');
  await until(() => node.journaled().length === 0, 'the journal has no address');
  node.node.skip(1_000);
  return node;
}

const returnEmpty = ({ node }: OfflineNode) => node.sync.returnBlocks(1_000, soon());

const using = ({ node }: OfflineNode) => ({ blocks: node.blocks, exported: node.exporter.exported });
const NONE = { blocks: [], exported: [] };
const IT = { blocks: ['10.0.0.0/30'], exported: ['10.0.0.0/30'] };

offlineTest(
  'a block that was returned, but for the answer, is not announced while the datastore is gone',
  async (setup) => {
    const { remote, store } = setup;
    const node = await startWithEmptyBlock(setup);
    remote.fail('answers-lost');
    await fails(returnEmpty(node), 'store-unavailable');
    assert.deepEqual(await store.listNodeBlocks('node1', soon()), []);
    assert.deepEqual(using(node), NONE);
    remote.restore();
    await until(() => !node.store.isOffline, 'the datastore is back');
    assert.deepEqual(await add(node, 'b'), ['10.0.0.4']);
    assert.deepEqual(using(node), { blocks: ['10.0.0.4/30'], exported: ['10.0.0.4/30'] });
  },
);

offlineTest('one whose return was not made is announced and used again when the datastore is back', async (setup) => {
  const { remote } = setup;
  const node = await startWithEmptyBlock(setup);
  remote.fail('silent');
  await fails(returnEmpty(node), 'store-unavailable');
  assert.deepEqual(using(node), NONE);
  remote.restore();
  await until(() => using(node).exported.length > 0, 'it is announced again');
  assert.deepEqual(using(node), IT);
  assert.deepEqual(await add(node, 'b'), ['10.0.0.0']);
});

offlineTest('so does a coild that is started anew meanwhile', async (setup) => {
  const { remote, start } = setup;
  const first = await startWithEmptyBlock(setup);
  remote.fail('silent');
  await fails(returnEmpty(first), 'store-unavailable');
  await first.crash();
  const second = await start();
  await second.node.sync.ready(soon());
  assert.deepEqual(using(second), NONE);
  remote.restore();
  await until(() => using(second).exported.length > 0, 'it is announced again');
  assert.deepEqual(using(second), IT);
});

offlineTest(
  'so it is where another call that certainly changed nothing found that the datastore is gone',
  async (setup) => {
    const { remote, store } = setup;
    const asked = Promise.withResolvers<void>();
    const mute = overriding(remote.store, {
      releaseBlock: async (...args) => {
        await store.releaseBlock(...args);
        asked.resolve();
        return await new Promise<never>(() => undefined);
      },
      checkWritable: () => Promise.reject(new CoilError('store-unavailable', 'no connection', { unchanged: true })),
    });
    const node = await startWithEmptyBlock(setup, mute);
    const returning = returnEmpty(node);
    await asked.promise;
    remote.fail('down');
    await node.store.checkWritable(soon());
    await fails(returning, 'store-unavailable');
    assert.deepEqual(using(node), NONE);
  },
);

offlineTest('a block whose return never came to the datastore is used on, in an outage too', async (setup) => {
  const { remote } = setup;
  const cut = overriding(remote.store, {
    releaseBlock: () => Promise.reject(new CoilError('store-unavailable', 'no connection', { unchanged: true })),
  });
  const node = await startWithEmptyBlock(setup, cut);
  remote.fail('down');
  await fails(returnEmpty(node), 'store-unavailable', /no connection/);
  assert.deepEqual(using(node), IT);
  assert.deepEqual(await add(node, 'b'), ['10.0.0.1']);
});

offlineTest('so it is where the datastore goes while the route is withdrawn', async (setup) => {
  const { remote } = setup;
  const node = await startWithEmptyBlock(setup);
  const { exporter } = node.node;
  const sync = exporter.sync.bind(exporter);
  exporter.sync = async (...args) => {
    exporter.sync = sync;
    const report = await sync(...args);
    remote.fail('down');
    await until(() => node.store.isOffline, 'the datastore is gone');
    return report;
  };
  await fails(returnEmpty(node), 'store-unavailable', /not been reached/);
  assert.deepEqual(using(node), IT);
  assert.deepEqual(await add(node, 'b'), ['10.0.0.1']);
});
