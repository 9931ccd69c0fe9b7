import assert from 'node:assert/strict';
import { IpAddress } from '../../src/model/ip-address.ts';
import { A, type ReclaimSetup, reclaimTest, until } from './reclaim-test.ts';
import { soon } from './store-fixture.ts';

const B = { container: 'b', pod: 'web-1' };

/** A GC of network `name` in which the runtime says that it has just these. */
async function collect({ scene }: ReclaimSetup, name: string, ...valid: readonly string[]): Promise<void> {
  const config = { cniVersion: '1.1.0', name, prevResult: undefined } as const;
  using added = scene.attacher.adds.since();
  await scene.garbage.collect({ config, valid: new Set(valid) }, added, soon());
}

reclaimTest('GC takes down what the runtime does not have, with its link, and keeps what it has', async (setup) => {
  const { scene } = setup;
  await scene.add(A);
  await scene.add(B);
  await collect(setup, 'k8s', 'b/eth0');
  await scene.network.settled();
  assert.deepEqual(scene.recorded, ['10.0.0.1 b']);
  assert.ok(!String(scene.network).includes('a/eth0'), String(scene.network));
  assert.ok(String(scene.network).includes('b/eth0'));
  assert.deepEqual(scene.decisions, ['freed a leaked address a valid-attachments']);
  await collect(setup, 'k8s', 'b/eth0');
  assert.deepEqual(scene.recorded, ['10.0.0.1 b']);
});

reclaimTest('GC tells the interfaces of a container apart', async (setup) => {
  await setup.scene.add(A);
  await setup.scene.add({ ...A, ifname: 'eth1' });
  await collect(setup, 'k8s', 'a/eth1');
  assert.deepEqual(setup.scene.recorded, ['10.0.0.1 a']);
});

reclaimTest('GC of a network leaves others alone, and what came over the REST API', async (setup) => {
  const { scene } = setup;
  await scene.add({ ...A, network: 'podman' });
  await scene.node.ipam.allocate({ containerId: 'v1', namespace: 'default', pod: 'old' }, soon());
  await collect(setup, 'k8s');
  assert.deepEqual(scene.recorded, ['10.0.0.0 a', '10.0.0.1 v1']);
  await collect(setup, 'podman');
  assert.deepEqual(scene.recorded, ['10.0.0.1 v1']);
});

reclaimTest(
  'GC does not touch an ADD that is under way, or that begins after the runtime has spoken',
  async (setup) => {
    const { scene } = setup;
    const C = { container: 'c', pod: 'web-2' };
    await scene.add(B);
    await scene.add(C);
    const turn = Promise.withResolvers<void>();
    const held = ['web-0', 'web-1', 'web-2'].map((pod) =>
      scene.attacher.exclusively({ namespace: 'default', pod }, soon(), () => turn.promise),
    );
    const underWay = [scene.add(A), scene.add(C)];
    const collected = collect(setup, 'k8s');
    // for the container that is about to be collected
    const repeated = scene.add(B);
    turn.resolve();
    await Promise.all([...held, collected]);
    assert.deepEqual(await Promise.all([...underWay, repeated]), ['10.0.0.2', '10.0.0.1', '10.0.0.0']);
    assert.deepEqual(scene.recorded, ['10.0.0.0 b', '10.0.0.1 c', '10.0.0.2 a']);
    await collect(setup, 'k8s', 'a/eth0');
    assert.deepEqual(scene.recorded, ['10.0.0.2 a'], 'the next list is newer');
  },
);

reclaimTest('GC does not free an address that meanwhile is recorded anew', async (setup) => {
  const { scene, store } = setup;
  await scene.add(A);
  const [record] = scene.node.state.records;
  scene.beforeChange = async () => {
    await store.free([record!], soon());
    const assignment = { ...record!.assignment, containerId: 'new' };
    await store.allocate({ node: 'node1', slots: [record!], assignment }, soon());
  };
  await collect(setup, 'k8s');
  const { assignment } = await store.findAddress(IpAddress.parse('10.0.0.0'), soon());
  assert.equal(assignment.containerId, 'new');
  await until(() => scene.recorded.join() === '10.0.0.0 new');
});

reclaimTest('GC goes on where one attachment fails, and says so in the end', async (setup) => {
  const { scene } = setup;
  await scene.add(A);
  await scene.add(B);
  scene.network.failures.push(new Error('no such luck'));
  await assert.rejects(collect(setup, 'k8s'), /cannot clean up interface eth0 of container a$/);
  assert.deepEqual(scene.recorded, ['10.0.0.0 a']);
  await collect(setup, 'k8s');
  assert.deepEqual(scene.recorded, []);
});

reclaimTest(
  'GC in a dry run only tells',
  async (setup) => {
    await setup.scene.add(A);
    const before = String(setup.scene.network);
    await collect(setup, 'k8s');
    assert.deepEqual([setup.scene.recorded, String(setup.scene.network)], [['10.0.0.0 a'], before]);
    assert.deepEqual(setup.scene.decisions, ['a leaked address would be freed a valid-attachments']);
  },
  { dryRun: true },
);
