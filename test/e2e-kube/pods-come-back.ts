import assert from 'node:assert/strict';
import { hostIfname } from '../../src/podnet/host-ifname.ts';
import { eventually } from '../e2e/eventually.ts';
import type { Cluster } from './cluster.ts';
import { killContainer } from './containers.ts';
import type { RunningPod } from './pod-object.ts';
import { fetchFrom } from './reach.ts';
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
    const moved = await again(db, pod.name, ({ uid }) => uid !== renewed.uid);
    const running = performance.now();
    assert.notEqual(moved.node, renewed.node);
    const reached = () => assertReached(cluster, asking, moved).then(() => true);
    await eventually(`${moved.name} is reached from everywhere`, reached, REACHABLE_MS);
    tell(`on another node, it was reached after ${Math.round(performance.now() - running)} ms`);
    await cluster.api.merge(path, { spec: { unschedulable: null } });
    await Promise.all([db.delete(), clients.delete()]);
  },
};

/** Waits for a Pod of that name that runs, and is another than before in some way. */
function again(workload: Workload, name: string, isOther: (pod: RunningPod) => boolean): Promise<RunningPod> {
  const find = async () => (await workload.running()).find((pod) => pod.name === name && isOther(pod));
  return eventually(`${name} runs again`, find, RESTART_MS);
}

async function assertReached(cluster: Cluster, clients: readonly RunningPod[], pod: RunningPod): Promise<void> {
  for (const client of clients) assert.deepEqual(await fetchFrom(cluster, client, [pod]), [], `from ${client.node}`);
}

async function linkIndex(cluster: Cluster, { node, namespace, name }: RunningPod): Promise<number> {
  const link = `link show dev ${hostIfname(namespace, name, 'eth0')}`;
  const [found] = await cluster.node(node).ip<[{ ifindex: number }]>(link);
  return found.ifindex;
}
