import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../e2e/eventually.ts';
import { assertAgreement } from './agreement.ts';
import { cachedAdds } from './cached-adds.ts';
import type { Cluster } from './cluster.ts';
import { coildPods } from './containers.ts';
import { coilKeys } from './etcd-keys.ts';
import { assertFurtherPoolIsUsed } from './further-pool.ts';
import type { RunningPod } from './pod-object.ts';
import { type PodSandbox, renewSandbox } from './pod-sandbox.ts';
import { untilAllReach } from './reach.ts';
import type { Scenario } from './scenario.ts';
import { TcpFlows } from './tcp-flow.ts';
import { Workload } from './workload.ts';

const DOWN_MS = 30_000;
const PODS = 24;
const TOLD_MS = 60_000;

export const datastoreIsDown: Scenario = {
  name: 'etcd and the API server are down for 30 s while Pods start and end: all converges, nothing is lost or doubled',
  run: async (cluster, tell) => {
    const steady = await Workload.create(cluster.api, { name: 'steady', replicas: 4, isSpread: true });
    const renewed = await Workload.create(cluster.api, { name: 'renewed', replicas: 4, isSpread: true });
    const ending = await Workload.create(cluster.api, { name: 'ending', replicas: PODS });
    const before = await steady.untilRunning();
    const old = await renewed.untilRunning();
    await ending.untilRunning();
    const coilds = await coildPods(cluster);
    await using flows = await TcpFlows.start(cluster, before);

    const starting = await Workload.create(cluster.api, { name: 'starting', replicas: PODS });
    await ending.scale(2);
    await eventually('a Pod has an address', () => isAssigned(cluster, starting), 60_000);
    await cluster.plane.stopDatastore();
    const downAt = Date.now();
    tell('etcd and the API server are down');
    let sandboxes: readonly PodSandbox[];
    try {
      const over = delay(DOWN_MS);
      sandboxes = await Promise.all(old.map((pod) => renewSandbox(cluster, pod, DOWN_MS)));
      tell(`${sandboxes.length} Pods have another sandbox and address`);
      await over;
    } finally {
      // also for what is saved where that failed
      await cluster.plane.resumeDatastore();
    }
    tell('they are back');
    const after = [...(await starting.untilRunning()), ...(await ending.untilRunning())];
    tell(`${await attachedSince(cluster, starting, downAt)} of ${PODS} Pods were being started when they went down`);
    assert.deepEqual(await steady.untilRunning(), before, 'Pods that ran are others now');
    tell(`all Pods run; connections stood still for ${await flows.assertKept()} ms at most`);
    const again = await untilTold(renewed, old, sandboxes);
    assert.deepEqual(await coildPods(cluster), coilds, 'coild did not go on');
    await untilAllReach(cluster, [...before, ...again, ...after]);
    await assertAgreement(cluster);
    await assertFurtherPoolIsUsed(cluster);
    tell('Pods of a pool that was made since have its addresses');
    await Promise.all([starting, ending, renewed, steady].map((workload) => workload.delete()));
  },
};

/** Whether etcd has an address of one of its Pods. */
async function isAssigned(cluster: Cluster, { name }: Workload): Promise<boolean> {
  return (await coilKeys(cluster, 'ip/')).some(([, value]) => value.includes(`"${name}-`));
}

/** How many of its Pods have got their network after that time. @throws where none has */
async function attachedSince(cluster: Cluster, { name }: Workload, time: number): Promise<number> {
  const adds = (await Promise.all(cluster.nodes.map(cachedAdds))).flat();
  const late = adds.filter(({ pod, doneAt }) => pod.startsWith(`${name}-`) && doneAt > time);
  assert.notEqual(late.length, 0, 'all Pods had a network before etcd and the API server were down');
  return late.length;
}

/** Waits until the API server knows of the sandboxes that the Pods have now. @throws where these are other Pods */
async function untilTold(
  workload: Workload,
  pods: readonly RunningPod[],
  sandboxes: readonly PodSandbox[],
): Promise<readonly RunningPod[]> {
  const ips = new Map(pods.map(({ uid }, i) => [uid, sandboxes[i]!.ip]));
  const told = async () => {
    const now = await workload.untilRunning();
    for (const { name, uid, ip } of now) assert.equal(ip, ips.get(uid), name);
    return now;
  };
  return await eventually('the API server knows the addresses that Pods got without it', told, TOLD_MS);
}
