import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../e2e/eventually.ts';
import { assertAgreement } from './agreement.ts';
import type { Cluster } from './cluster.ts';
import { coilKeys } from './etcd-keys.ts';
import type { KubeNode } from './kube-node.ts';
import type { PodObject } from './pod-object.ts';
import { untilAllReach } from './reach.ts';
import type { Scenario } from './scenario.ts';
import { Workload } from './workload.ts';

const FREE_MS = 30_000;
const PODS = 6;
const CONTROLLERS = '/apis/apps/v1/namespaces/kube-system/deployments/coil-controllers';

export const nodeIsDeleted: Scenario = {
  name: 'a Node is deleted while its kubelet is off: its addresses are free within 30 s, also if no controller ran then',
  run: async (cluster, tell) => {
    const node = cluster.nodes[1]!;
    const web = await Workload.create(cluster.api, { name: 'web', replicas: PODS, node: node.name });
    await web.untilRunning();
    await remove(cluster, node);
    tell(`blocks and addresses were free after ${await untilFree(cluster, node)} s`);
    await comeBack(cluster, node, web);
    tell(`${node.name} is back`);

    await scaleControllers(cluster, 0);
    await untilControllersRun(cluster, 0);
    await remove(cluster, node);
    // longer than anything of a controller's takes that would have seen it
    await delay(3_000);
    assert.notEqual((await blocksOf(cluster, node)).length, 0);
    const scaled = performance.now();
    await scaleControllers(cluster, 1);
    const running = untilControllersRun(cluster, 1).then(() => secondsSince(scaled));
    // a user's 30 s begin when a controller is asked for, and not when it runs
    const [free, ran] = await Promise.all([untilFree(cluster, node), running]);
    tell(`free ${free} s after a controller was asked for, which was ready after ${ran} s`);
    await scaleControllers(cluster, 2);
    await comeBack(cluster, node, web);
    await web.delete();
  },
};

async function remove(cluster: Cluster, node: KubeNode): Promise<void> {
  assert.notEqual((await blocksOf(cluster, node)).length, 0, `${node.name} has no block`);
  await node.stop('kubelet');
  await cluster.api.delete(`/api/v1/nodes/${node.name}`);
}

/** @returns the seconds that it took */
async function untilFree(cluster: Cluster, node: KubeNode): Promise<string> {
  const started = performance.now();
  const blocks = await blocksOf(cluster, node);
  assert.notEqual(blocks.length, 0);
  const free = async () => (await blocksOf(cluster, node)).length === 0;
  await eventually(`${node.name} has no block any more`, free, FREE_MS);
  const seconds = secondsSince(started);
  assert.ok(Number(seconds) * 1000 <= FREE_MS, `they were free after ${seconds} s`);
  for (const block of blocks) assert.deepEqual(await coilKeys(cluster, `ip/${block}/`), [], block);
  const owners = (await coilKeys(cluster, 'owner/')).filter(([, owner]) => owner === node.name);
  assert.deepEqual(owners, [], 'blocks that are the node’s');
  return seconds;
}

function secondsSince(time: number): string {
  return ((performance.now() - time) / 1000).toFixed(1);
}

/** As an administrator does with Pods of a machine that does not answer; Kubernetes does too, a minute later. */
async function forgetPods({ api }: Cluster, { name }: KubeNode): Promise<void> {
  const pods = await api.list<PodObject>('/api/v1/pods', { fieldSelector: `spec.nodeName=${name}` });
  for (const { metadata } of pods)
    await api.deleteNow(`/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`, metadata.uid);
}

/** Its Pods have waited for it: they may be nowhere else. */
async function comeBack(cluster: Cluster, node: KubeNode, web: Workload): Promise<void> {
  await forgetPods(cluster, node);
  await node.startKubelet();
  await cluster.untilReady();
  await untilAllReach(cluster, await web.untilRunning());
  await assertAgreement(cluster);
}

async function scaleControllers({ api }: Cluster, replicas: number): Promise<void> {
  await api.merge(CONTROLLERS, { spec: { replicas } });
}

async function untilControllersRun({ api }: Cluster, replicas: number): Promise<void> {
  const query = { labelSelector: 'app.kubernetes.io/name=coil-controllers' };
  const settled = async () => {
    const pods = await api.list<PodObject>('/api/v1/namespaces/kube-system/pods', query);
    return pods.length === replicas && pods.every(({ status }) => status.containerStatuses?.[0]?.ready);
  };
  await eventually(`${replicas} controllers run`, settled, 60_000);
}

async function blocksOf(cluster: Cluster, { name }: KubeNode): Promise<readonly string[]> {
  const blocks = await cluster.store.listNodeBlocks(name, AbortSignal.timeout(10_000));
  return blocks.map(({ block }) => String(block.nth(0)));
}
