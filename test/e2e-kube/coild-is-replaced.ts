import assert from 'node:assert/strict';
import { eventually } from '../e2e/eventually.ts';
import type { Cluster } from './cluster.ts';
import { coildPod, killCoild } from './containers.ts';
import { coilKeys } from './etcd-keys.ts';
import { NEXT_VERSION, writeNextImage } from './next-version.ts';
import type { Scenario } from './scenario.ts';
import { TcpFlows } from './tcp-flow.ts';
import { Workload } from './workload.ts';

const PODS = 30;

export const coildIsReplaced: Scenario = {
  name: 'coild is killed, and rolled to a new version, while Pods start: none is stuck, no connection is lost',
  run: async (cluster, tell) => {
    const steady = await Workload.create(cluster.api, { name: 'steady', replicas: 4 });
    await using flows = await TcpFlows.start(cluster, await steady.untilRunning());

    const burst = await Workload.create(cluster.api, { name: 'burst', replicas: PODS });
    await eventually('some Pods run', async () => (await burst.running()).length >= 5, 60_000);
    for (const node of cluster.nodes) await killCoild(cluster, node.name);
    await burst.untilRunning();
    tell(`coild was killed on both nodes, and ${PODS} Pods run`);

    await burst.scale(5);
    const next = await writeNextImage(cluster.options.folder);
    for (const node of cluster.nodes) await node.importImage(next);
    await burst.untilRunning();
    const before = await coildImages(cluster);
    const kubeSystem = ['-n', 'kube-system'];
    await cluster.kubectl([...kubeSystem, 'set', 'image', 'daemonset/coil-node', `*=${next.name}`]);
    await burst.scale(PODS);
    await cluster.kubectl([...kubeSystem, 'rollout', 'status', 'daemonset/coil-node', '--timeout=90s']);
    await assertRolled(cluster, before);
    tell(`coild ${NEXT_VERSION} is rolled out`);
    await burst.untilRunning();
    tell(`${PODS} Pods run; connections stood still for ${await flows.assertKept()} ms at most`);
    await Promise.all([burst.delete(), steady.delete()]);
  },
};

/** What coild runs of on each node. */
async function coildImages(cluster: Cluster): Promise<readonly string[]> {
  return await Promise.all(cluster.nodes.map(async ({ name }) => (await coildPod(cluster, name)).imageId));
}

/** By what kubelet says of the images, and coild of itself. */
async function assertRolled(cluster: Cluster, before: readonly string[]): Promise<void> {
  const after = await coildImages(cluster);
  for (const [i, image] of after.entries()) assert.notEqual(image, before[i], `the image on ${cluster.nodes[i]!.name}`);
  const sessions = (await coilKeys(cluster, 'node/')).map(([node, value]) => [node, JSON.parse(value).version]);
  assert.deepEqual(
    sessions,
    cluster.nodes.map(({ name }) => [name, NEXT_VERSION]),
  );
}
