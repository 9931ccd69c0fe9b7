import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { readAsV1 } from '../etcd/v1-reader.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { eventually } from './eventually.ts';
import { podLinks } from './kernel-state.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { addressesOf, type Sandbox } from './sandbox.ts';
import { Scene } from './scene.ts';
import { UdpFlow } from './udp-flow.ts';
import { V1Datastore } from './v1-datastore.ts';
import { launcherOn } from './v1-node.ts';
import { V1_NETCONF, V1Plugin } from './v1-plugin.ts';

const WITH_V1_NETCONF = { netconf: V1_NETCONF };

describe("v1's plugin and our coild", { skip: needsRoot, concurrency: 1 }, () => {
  let stack: AsyncDisposableStack;
  let datastore: V1Datastore;
  let node: NodeUnderTest;
  let scene: Scene;
  let plugin: V1Plugin;
  before(async () => {
    stack = new AsyncDisposableStack();
    datastore = stack.use(new V1Datastore(stack.use(await EtcdServer.start())));
    node = stack.use(await NodeUnderTest.create(datastore.open));
    await node.startCoild('--address-rest=0s');
    scene = stack.use(new Scene(node, launcherOn(node)));
    plugin = new V1Plugin(node);
    // with a block, which stays, a Pod that comes and goes leaves everything as it was
    const first = await scene.sandbox();
    await first.add(WITH_V1_NETCONF);
    await first.del(WITH_V1_NETCONF);
  });
  after(() => stack?.disposeAsync());

  /** The values that are recorded for a container. */
  async function recorded({ containerId }: Sandbox): Promise<readonly string[]> {
    const dump = await datastore.fixture.dump();
    readAsV1(dump);
    return Object.values(dump).filter((value) => value.includes(containerId));
  }

  async function reach(sandbox: Sandbox, address: string): Promise<void> {
    await using flow = await UdpFlow.start(node.netns, { netns: sandbox.netns, address });
    assert.deepEqual((await flow.stop()).lost, []);
  }

  test("attach and detach a Pod as v1's do, and the record is v1's to the letter", async () => {
    const sandbox = await scene.sandbox();
    await scene.restoredAfter(async () => {
      const address = await plugin.add(sandbox);
      await reach(sandbox, address);
      const [value, ...more] = await recorded(sandbox);
      const { containerId, namespace, pod } = sandbox;
      const [, createdAt] = /"created_at":"([^"]+)"/.exec(value!) ?? [];
      const expected = { container_id: containerId, namespace, pod, created_at: createdAt };
      assert.deepEqual([value, more], [JSON.stringify(expected), []]);
      await plugin.del(sandbox);
      await plugin.del(sandbox);
    });
  });

  test('a second ADD fails as with v1, and the address stays the one', async () => {
    const sandbox = await scene.sandbox();
    await scene.restoredAfter(async () => {
      const address = await plugin.add(sandbox);
      await scene.unchangedBy(() => assert.rejects(plugin.add(sandbox), /eth0\) already exists/));
      await sandbox.netns.ip('link delete eth0');
      await assert.rejects(plugin.add(sandbox), /coild returns 409/);
      assert.deepEqual(await sandbox.recorded(), [address]);
      await plugin.del(sandbox);
    });
  });

  test("our plugin takes down what v1's attached", async () => {
    const sandbox = await scene.sandbox();
    await scene.restoredAfter(async () => {
      await plugin.add(sandbox);
      await sandbox.del(WITH_V1_NETCONF);
    });
  });

  test("and what v1's attached by halves", async () => {
    const sandbox = await scene.sandbox();
    await scene.restoredAfter(async () => {
      await plugin.add(sandbox);
      await sandbox.netns.ip('link delete eth0');
      await assert.rejects(plugin.add(sandbox), /409/);
      await sandbox.del(WITH_V1_NETCONF);
    });
  });

  test("and what v1's attached, without CNI_NETNS", async () => {
    const sandbox = await scene.sandbox();
    await scene.restoredAfter(async () => {
      await plugin.add(sandbox);
      await sandbox.del({ ...WITH_V1_NETCONF, env: { CNI_NETNS: undefined } });
    });
  });

  test("and what v1's attached, after the namespace is gone", async () => {
    const sandbox = await scene.sandbox();
    await plugin.add(sandbox);
    await node.removePod(sandbox.netns);
    await sandbox.del(WITH_V1_NETCONF);
    assert.deepEqual(await recorded(sandbox), []);
    await eventually('the link is gone', async () => !(await podLinks(node.netns)).includes(sandbox.hostLink));
  });

  test("a repeated ADD by our plugin keeps the address and the link that v1's made", async () => {
    const sandbox = await scene.sandbox();
    await scene.restoredAfter(async () => {
      const address = await plugin.add(sandbox);
      const index = async () => (await node.netns.ip(`link show ${sandbox.hostLink}`)).split(':')[0];
      const before = await index();
      const result = await sandbox.add(WITH_V1_NETCONF);
      assert.deepEqual(addressesOf(result), [address]);
      assert.equal(await index(), before);
      await reach(sandbox, address);
      await sandbox.del(WITH_V1_NETCONF);
    });
  });

  test("v1's plugin takes down what ours attached", async () => {
    const sandbox = await scene.sandbox();
    await scene.restoredAfter(async () => {
      await sandbox.add(WITH_V1_NETCONF);
      await plugin.del(sandbox);
    });
  });

  test('and what ours attached, where the runtime says that the namespace is gone', async () => {
    const sandbox = await scene.sandbox();
    await sandbox.add(WITH_V1_NETCONF);
    await plugin.del(sandbox, { netns: false });
    assert.deepEqual(await recorded(sandbox), []);
    await node.removePod(sandbox.netns);
    await eventually('the link is gone', async () => !(await podLinks(node.netns)).includes(sandbox.hostLink));
  });

  test('a container to which v1 gave two addresses gets one of them, and gives back both', async () => {
    const sandbox = await scene.sandbox();
    await scene.restoredAfter(async () => {
      const { containerId, namespace, pod } = sandbox;
      const value = { container_id: containerId, namespace, pod, created_at: '2026-11-22T12:38:59.340957085Z' };
      // the first is written anew, which makes it the newer one: when coild says so, it knows of both
      for (const offset of [202, 201, 202]) await datastore.put({ [`ip/10.11.0.0/${offset}`]: JSON.stringify(value) });
      await eventually('coild knows of both', async () => (await plugin.find(sandbox)) === '10.11.0.201');
      const result = await sandbox.add(WITH_V1_NETCONF);
      assert.deepEqual(addressesOf(result), ['10.11.0.201']);
      await reach(sandbox, '10.11.0.201');
      await sandbox.del(WITH_V1_NETCONF);
      assert.deepEqual(await recorded(sandbox), []);
    });
  });
});
