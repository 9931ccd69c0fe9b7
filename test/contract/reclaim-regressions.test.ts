import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { GRACE_MS } from './reclaim-scene.ts';
import { A, reclaimTest } from './reclaim-test.ts';
import { soon } from './store-fixture.ts';

describe('regression cases of the field', () => {
  reclaimTest(
    'Pod status that lags: a Pod that the API server has without an address yet keeps it',
    async ({ scene }) => {
      await scene.add(A);
      // deleted by hand: the node's proof is there, so that all depends on the API server, which says no address at all
      scene.network.deleteNetns('/run/netns/a');
      scene.sandboxes.clear();
      await scene.passGrace();
      assert.deepEqual(scene.recorded, ['10.0.0.0 a']);
    },
    { sources: ['api'] },
  );

  reclaimTest(
    "a StatefulSet's Pod of the same name: the old container's address is freed, the new one's is not",
    async ({ scene }) => {
      await scene.add({ ...A, uid: 'old' });
      scene.lose(A);
      await scene.add({ container: 'b', uid: 'new' });
      await scene.passGrace();
      assert.deepEqual(scene.recorded, ['10.0.0.1 b']);
      assert.equal(scene.decisions.at(-1), 'freed a leaked address a node runtime');
    },
  );

  reclaimTest(
    "a StatefulSet's Pod of the same name: by the API server alone its UID tells them apart",
    async ({ scene }) => {
      await scene.add({ ...A, uid: 'old' });
      scene.lose(A);
      await scene.add({ container: 'b', uid: 'new' });
      await scene.passGrace();
      assert.deepEqual(scene.recorded, ['10.0.0.1 b']);
      scene.network.deleteNetns('/run/netns/b');
      await scene.passGrace();
      assert.deepEqual(scene.recorded, ['10.0.0.1 b'], 'the Pod of that UID is there');
    },
    { sources: ['api'] },
  );

  reclaimTest(
    'a node that was deleted and comes back: a late release does not free what was given out anew',
    async ({ store, scene }) => {
      await scene.add(A);
      scene.lose(A);
      await scene.pass(GRACE_MS);
      scene.beforeChange = async () => {
        // the controller takes the blocks of the Node that is gone; it joins anew, and its first Pod gets the address
        await store.releaseNode('node1', soon());
        const { block } = await store.acquireBlock({ node: 'node1', pool: 'default', family: 4 }, soon());
        const assignment = {
          containerId: 'new',
          namespace: 'default',
          pod: 'web-9',
          createdAt: '2026-01-01T00:00:00Z',
        };
        await store.allocate({ node: 'node1', slots: [{ block, offset: 0 }], assignment }, soon());
      };
      const [before] = scene.node.state.records;
      await scene.reclaim.look(soon());
      const blocks = await store.listNodeBlocks('node1', soon());
      const after = (await Promise.all(blocks.map(({ block }) => store.listAddresses(block, soon())))).flat();
      assert.deepEqual(
        after.map(({ assignment }) => assignment.containerId),
        ['new'],
      );
      assert.notEqual(after[0]!.revision, before!.revision);
    },
  );

  reclaimTest(
    'a stale node name: the Pod is known by its UID, on whatever node the API server has it',
    async ({ scene }) => {
      // the node was renamed in Kubernetes: no Pod there is on a node of coild's name
      await scene.add(A);
      scene.network.deleteNetns('/run/netns/a');
      scene.sandboxes.clear();
      await scene.passGrace();
      assert.deepEqual(scene.recorded, ['10.0.0.0 a']);
    },
    { node: 'old-name', sources: ['api'] },
  );

  reclaimTest(
    'host-network Pods have no attachment: one more or less is no proof of anything',
    async ({ scene }) => {
      await scene.add(A);
      // one of the same name takes the place of the Pod, with the addresses of the node and no sandbox network
      scene.pods.set('default/web-0', 'uid-of-host-network-pod');
      await scene.passGrace();
      assert.deepEqual(scene.recorded, ['10.0.0.0 a'], 'its namespace is there');
      scene.network.deleteNetns('/run/netns/a');
      await scene.passGrace();
      assert.deepEqual(scene.recorded, [], 'the host-network Pod does not keep it');
    },
    { sources: ['api'] },
  );
});
