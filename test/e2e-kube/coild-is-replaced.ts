import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../e2e/eventually.ts';
import { assertAgreement, assertNothingMended } from './agreement.ts';
import type { Cluster } from './cluster.ts';
import { coildLog } from './coild-log.ts';
import { coildPod, coildPods, killerOfCoilds } from './containers.ts';
import { coilKeys } from './etcd-keys.ts';
import { NEXT_VERSION, nextPlugin, writeNextImage } from './next-version.ts';
import type { RunningPod } from './pod-object.ts';
import type { Scenario } from './scenario.ts';
import { TcpFlows } from './tcp-flow.ts';
import { Workload } from './workload.ts';

const PODS = 30;
const STEADY = 4;
const BACK_MS = 60_000;

export const coildIsReplaced: Scenario = {
  name: 'coild is killed, and rolled to a new version, while Pods start and end: none is stuck, no connection is lost',
  run: async (cluster, tell) => {
    const steady = await Workload.create(cluster.api, { name: 'steady', replicas: STEADY, isSpread: true });
    await using flows = await TcpFlows.start(cluster, await steady.untilRunning());

    const killed = await coildPods(cluster);
    const kill = await killerOfCoilds(cluster);
    const burst = await Workload.create(cluster.api, { name: 'burst', replicas: PODS });
    const assigned = async () => (await coilKeys(cluster, 'ip/')).length - STEADY;
    await eventually('some Pods have addresses', async () => (await assigned()) > 0, 60_000);
    await kill();
    const done = await assigned();
    assert.ok(done < PODS, 'all Pods had addresses before coild was killed');
    await burst.untilRunning();
    await assertNoneWaited(cluster, killed);
    tell(`coild was killed on both nodes when ${done} of ${PODS} Pods had addresses; all run`);

    await assertNothingMended(cluster);
    const next = await writeNextImage(cluster.options.folder);
    for (const node of cluster.nodes) await node.importImage(next);
    const before = await coildPods(cluster);
    const kubeSystem = ['-n', 'kube-system'];
    await cluster.kubectl([...kubeSystem, 'set', 'image', 'daemonset/coil-node', `*=${next.name}`]);
    const starting = await Workload.create(cluster.api, { name: 'starting', replicas: PODS });
    await eventually(
      'coild of a node is gone',
      async () => (await runningCoilds(cluster)) < cluster.nodes.length,
      30_000,
    );
    await burst.scale(5);
    await cluster.kubectl([...kubeSystem, 'rollout', 'status', 'daemonset/coil-node', '--timeout=90s']);
    await assertRolled(cluster, before);
    tell(`coild ${NEXT_VERSION} is rolled out`);
    await Promise.all([starting.untilRunning(), burst.untilRunning()]);
    tell(`${PODS} more Pods run; connections stood still for ${await flows.assertKept()} ms at most`);
    await assertAgreement(cluster);
    const spooled = await spooledDels(cluster);
    assert.ok(spooled > 0, 'no DEL came while coild was gone');
    tell(`${spooled} DELs came while coild was gone`);
    await Promise.all([starting, burst, steady].map((workload) => workload.delete()));
  },
};

/** The session of one that was killed is over, whatever is left of its lease. */
async function assertNoneWaited(cluster: Cluster, killed: readonly RunningPod[]): Promise<void> {
  const others = async () => (await coildPods(cluster)).every(({ restarts }, i) => restarts > killed[i]!.restarts);
  await eventually('coild runs again on every node', others, BACK_MS);
  for (const { name } of cluster.nodes) {
    const waits = (await coildLog(cluster, name)).filter(({ message }) => message === 'waiting to serve this node');
    assert.deepEqual(waits, [], `coild of ${name} waited for the one that was killed`);
  }
}

async function runningCoilds(cluster: Cluster): Promise<number> {
  const found = await Promise.allSettled(cluster.nodes.map(({ name }) => coildPod(cluster, name)));
  return found.filter(({ status }) => status === 'fulfilled').length;
}

/** How many DELs the coilds that run now have found in the spool. */
async function spooledDels(cluster: Cluster): Promise<number> {
  const logs = await Promise.all(cluster.nodes.map(({ name }) => coildLog(cluster, name)));
  return logs.flat().filter(({ message }) => message === 'did a spooled DEL').length;
}

/** By what kubelet says of the images, coild of itself, and the nodes' disks. */
async function assertRolled(cluster: Cluster, before: readonly RunningPod[]): Promise<void> {
  for (const [i, { node, imageId }] of (await coildPods(cluster)).entries())
    assert.notEqual(imageId, before[i]!.imageId, `the image on ${node}`);
  const sessions = (await coilKeys(cluster, 'node/')).map(([node, value]) => [node, JSON.parse(value).version]);
  assert.deepEqual(
    sessions,
    cluster.nodes.map(({ name }) => [name, NEXT_VERSION]),
  );
  const plugin = await nextPlugin();
  for (const { name, disk } of cluster.nodes)
    assert.ok(plugin.equals(await readFile(join(disk, 'opt/cni/bin/coil'))), `the plugin on ${name} is not new`);
}
