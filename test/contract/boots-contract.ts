import assert from 'node:assert/strict';
import type { OpenedStore } from '../../src/store/open-store.ts';
import { ReclaimScene } from './reclaim-scene.ts';
import { until } from './reclaim-test.ts';
import { acquired, dump, poolOf, type StoreSetup, soon, storeTest } from './store-fixture.ts';

const BOOTS = [0, 1, 2].map((i) => `0b7f7a3c-5d0e-4c5b-9d5e-3f8a3c1d2e4${i}`) as [string, string, string];
const bootOf = (node: string) => `0b7f7a3c-5d0e-4c5b-9d5e-${node.replace('node', '').padStart(12, '0')}`;

async function bootedIn(store: OpenedStore, bootId: string): Promise<ReclaimScene> {
  const scene = new ReclaimScene(store);
  scene.bootId = bootId;
  await scene.node.sync.ready(soon());
  return scene;
}

/** Boots of nodes. */
export function bootsContract(setup: StoreSetup): void {
  storeTest(setup, "a node's boot is read by another client, replaced, and nobody else's", async (store, fixture) => {
    await using other = await fixture.open();
    const before = await dump(store);
    assert.equal(await store.readBoot('node1', soon()), undefined);
    await store.writeBoot('node1', BOOTS[0], soon());
    await store.writeBoot('node1.example', BOOTS[2], soon());
    assert.equal(await other.readBoot('node1', soon()), BOOTS[0]);
    await other.writeBoot('node1', BOOTS[1], soon());
    await other.writeBoot('node1', BOOTS[1], soon());
    assert.equal(await store.readBoot('node1', soon()), BOOTS[1]);
    assert.equal(await store.readBoot('node1.example', soon()), BOOTS[2]);
    assert.equal(await store.readBoot('node', soon()), undefined);
    assert.equal(await dump(store), before);
  });

  storeTest(
    setup,
    'a node that was deleted, came back with the same coild, and is rebooted',
    async (store, fixture) => {
      await store.createPool('default', poolOf(2, '10.0.0.0/28'), soon());
      {
        await using first = await bootedIn(store, BOOTS[0]);
        await first.add({ container: 'a' });
        await first.boot.run([], soon());
        await using controller = await fixture.open();
        await controller.releaseNode('node1', soon());
        await until(() => first.recorded.length === 0);
        await first.reclaim.look(soon());
        assert.equal(await store.readBoot('node1', soon()), undefined, 'there is nothing that a reboot would leave');
        await first.add({ container: 'b' });
        await first.reclaim.look(soon());
        assert.equal(await store.readBoot('node1', soon()), BOOTS[0]);
      }
      await using second = await bootedIn(store, BOOTS[1]);
      assert.equal(second.recorded.length, 1);
      await second.boot.run(second.attachments, soon());
      assert.deepEqual([second.recorded, second.decisions], [[], ['freed a leaked address b node reboot']]);
      assert.equal(await store.readBoot('node1', soon()), BOOTS[1]);
    },
  );

  storeTest(setup, 'a node that is released has no boot any more, and others keep theirs', async (store) => {
    await acquired(store, 'node1');
    for (const node of ['node1', 'node2', 'node10']) await store.writeBoot(node, bootOf(node), soon());
    await store.releaseNode('node1', soon());
    assert.equal(await store.readBoot('node1', soon()), undefined);
    assert.equal(await store.readBoot('node2', soon()), bootOf('node2'));
    assert.equal(await store.readBoot('node10', soon()), bootOf('node10'));
  });
}
