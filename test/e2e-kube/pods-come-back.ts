import assert from 'node:assert/strict';
import { hostIfname } from '../../src/podnet/host-ifname.ts';
import { eventually } from '../e2e/eventually.ts';
import { assertAgreement } from './agreement.ts';
import { type CachedAdd, cachedAdds } from './cached-adds.ts';
import type { Cluster } from './cluster.ts';
import { killContainer } from './containers.ts';
import type { RunningPod } from './pod-object.ts';
import { fetchFrom, type Reachable } from './reach.ts';
import type { Scenario } from './scenario.ts';
import { Workload } from './workload.ts';

const RESTART_MS = 60_000;
const REACHABLE_MS = 5_000;

export const podsComeBack: Scenario = {
  name: 'a Pod keeps address and link over a crash, works at once when made anew, and within 5 s on another node',
  run: async (cluster, tell) => {
    const clients = await Workload.create(cluster.api, { name: 'client', replicas: 4 });
    const db = await Workload.create(cluster.api, { kind: 'StatefulSet', name: 'db', replicas: 2 });
    const asking = await clients.untilRunning();
    const [pod] = (await db.untilRunning()) as [RunningPod, RunningPod];

    const link = await linkIndex(cluster, pod);
    await killContainer(cluster, pod.node, pod.containerId);
    const restarted = await again(db, pod.name, ({ restarts }) => restarts > pod.restarts);
    assert.deepEqual([restarted.uid, restarted.ip], [pod.uid, pod.ip]);
    assert.equal(await linkIndex(cluster, restarted), link, 'another link');
    await assertReached(cluster, asking, restarted);
    tell('the container crashed, and is there again');

    await db.deletePod(pod);
    const renewed = await again(db, pod.name, ({ uid }) => uid !== pod.uid);
    await assertReached(cluster, asking, renewed);
    tell('the Pod was made anew');

    const path = `/api/v1/nodes/${renewed.node}`;
    await cluster.api.merge(path, { spec: { unschedulable: true } });
    await db.deletePod(renewed);
    const added = await newNetwork(cluster, renewed);
    const reached = () => assertReached(cluster, asking, { name: renewed.name, ip: added.ip }).then(() => true);
    await eventually(`${renewed.name} is reached from everywhere`, reached, REACHABLE_MS);
    const ms = Date.now() - added.doneAt;
    const moved = await again(db, pod.name, ({ uid }) => uid === added.uid);
    assert.deepEqual([moved.ip, moved.node === renewed.node], [added.ip, false]);
    assert.ok(ms < REACHABLE_MS, `it was reached ${ms} ms after its network was there`);
    tell(
      `on another node, every Pod reached it ${Math.round(ms)} ms after its ADD, the start of its container included`,
    );
    await cluster.api.merge(path, { spec: { unschedulable: null } });
    await assertAgreement(cluster);
    await Promise.all([db.delete(), clients.delete()]);
  },
};

/** Waits for a Pod of that name that runs, and is another than before in some way. */
function again(workload: Workload, name: string, isOther: (pod: RunningPod) => boolean): Promise<RunningPod> {
  const find = async () => (await workload.running()).find((pod) => pod.name === name && isOther(pod));
  return eventually(`${name} runs again`, find, RESTART_MS);
}

/** Waits for the first network of the Pod that takes this one's place; its container does not run by then. */
function newNetwork(cluster: Cluster, { name, uid }: RunningPod): Promise<CachedAdd> {
  const find = async () => {
    const adds = (await Promise.all(cluster.nodes.map(cachedAdds))).flat();
    return adds.find((add) => add.pod === name && add.uid !== uid);
  };
  return eventually(`${name} has a network again`, find, RESTART_MS);
}

async function assertReached(cluster: Cluster, clients: readonly RunningPod[], pod: Reachable): Promise<void> {
  const failed = await Promise.all(clients.map((client) => fetchFrom(cluster, client, [pod])));
  for (const [i, failures] of failed.entries()) assert.deepEqual(failures, [], `from ${clients[i]!.node}`);
}

async function linkIndex(cluster: Cluster, { node, namespace, name }: RunningPod): Promise<number> {
  const link = `link show dev ${hostIfname(namespace, name, 'eth0')}`;
  const [found] = await cluster.node(node).ip<[{ ifindex: number }]>(link);
  return found.ifindex;
}
