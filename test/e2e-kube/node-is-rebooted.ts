import assert from 'node:assert/strict';
import { eventually } from '../e2e/eventually.ts';
import { assertAgreement, assertNothingMended } from './agreement.ts';
import { readBootId } from './boot-id.ts';
import type { Cluster } from './cluster.ts';
import { coildLog, type LogLine } from './coild-log.ts';
import { coilKeys } from './etcd-keys.ts';
import type { KubeNode } from './kube-node.ts';
import type { RunningPod } from './pod-object.ts';
import { untilAllReach } from './reach.ts';
import type { Scenario } from './scenario.ts';
import { TcpFlows } from './tcp-flow.ts';
import { Workload } from './workload.ts';

const PODS = 16;
/** Pods that containerd's records lose with the reboot, so that nobody sends a DEL for them. */
const FORGOTTEN = 4;
const BACK_MS = 60_000;
const FREE_MS = 5_000;

export const nodeIsRebooted: Scenario = {
  name: 'kubelet and containerd are restarted, then a whole node: its Pods come back, no address stays behind',
  run: async (cluster, tell) => {
    const web = await Workload.create(cluster.api, { name: 'web', replicas: PODS });
    const before = await web.untilRunning();
    const node = cluster.nodes[0]!;
    const its = before.filter((pod) => pod.node === node.name);
    assert.ok(its.length > FORGOTTEN);
    {
      await using flows = await TcpFlows.start(cluster, its.slice(0, 2));
      const sandboxes = await sandboxesOf(node, its);
      await node.stop('kubelet');
      await node.stop('containerd');
      await node.startContainerd();
      await node.startKubelet();
      // what a kubelet starts that looks after the others too
      const fresh = await Workload.create(cluster.api, { name: 'fresh', replicas: 2, node: node.name });
      await untilAllReach(cluster, await fresh.untilRunning());
      assert.deepEqual(await sandboxesOf(node, its), sandboxes);
      assert.deepEqual(await web.untilRunning(), before);
      await fresh.delete();
      tell(`kubelet and containerd were restarted; connections stood still for ${await flows.assertKept()} ms at most`);
    }

    const sandboxes = await sandboxesOf(node, its);
    const forgotten = await sandboxesOf(node, its.slice(0, FORGOTTEN));
    await assertNothingMended(cluster);
    const lastBoot = await readBootId(node);
    await node.powerOff();
    tell(`${node.name} is off`);
    await node.powerOn();
    await forget(node, its.slice(0, FORGOTTEN));
    await node.startKubelet();
    tell(await assertReclaimed(cluster, node, { sandboxes, forgotten, lastBoot }));

    const isBack = async () => {
      const running = (await web.running()).filter((pod) => pod.node === node.name);
      const isSame = ({ containerId }: RunningPod) => its.some((pod) => pod.containerId === containerId);
      return running.length === its.length && !running.some(isSame);
    };
    await eventually(`the Pods of ${node.name} run again`, isBack, BACK_MS);
    await cluster.untilReady();
    tell('its Pods run');
    await untilAllReach(cluster, await web.untilRunning(), BACK_MS);
    await assertAgreement(cluster);
    await web.delete();
  },
};

/** The IDs of the Pods' sandboxes. */
async function sandboxesOf({ cri }: KubeNode, pods: readonly RunningPod[]): Promise<readonly string[]> {
  const uids = new Set(pods.map(({ uid }) => uid));
  const found = (await cri.listPodSandbox()).filter(({ metadata }) => uids.has(metadata.uid)).map(({ id }) => id);
  assert.equal(found.length, pods.length);
  return found.sort();
}

/** Takes the Pods from what containerd has on disk. */
async function forget(node: KubeNode, pods: readonly RunningPod[]): Promise<void> {
  const filters = pods.map(({ uid }) => `labels."io.kubernetes.pod.uid"==${uid}`);
  const ids = await node.ctr('containers', 'list', '--quiet', ...filters);
  await node.ctr('containers', 'remove', ...ids.split('\n').filter(Boolean));
  await node.stop('containerd');
  await node.startContainerd();
}

/**
 * No address of a sandbox from before the reboot is left within seconds of coild's noticing it, and coild itself has
 * freed those that it got no DEL for.
 */
async function assertReclaimed(
  cluster: Cluster,
  node: KubeNode,
  was: { readonly sandboxes: readonly string[]; readonly forgotten: readonly string[]; readonly lastBoot: string },
): Promise<string> {
  const left = async () =>
    (await coilKeys(cluster, 'ip/')).some(([, value]) => was.sandboxes.some((id) => value.includes(id)));
  assert.ok(await left(), 'somebody else was faster');
  await eventually(`${node.name} has no address from before the reboot`, async () => !(await left()), BACK_MS);
  const freeAt = Date.now();

  const boots = `boot_id="${await readBootId(node)}" last_boot_id="${was.lastBoot}"`;
  const notice = ({ message, fields }: LogLine) => /was rebooted/.test(message) && fields.includes(boots);
  // its Pod is not ready at once
  const find = async () => (await coildLog(cluster, node.name)).find(notice);
  const noticed = await eventually(`coild of ${node.name} says ${boots}`, find, BACK_MS);
  const ms = freeAt - noticed.at;
  assert.ok(ms < FREE_MS, `addresses from before the reboot were left for ${ms} ms`);
  const log = await coildLog(cluster, node.name);
  const reclaimed = log.filter(
    ({ message, fields }) => message === 'freed a leaked address' && fields.includes('"reboot"'),
  );
  const missing = was.forgotten.filter((id) => !reclaimed.some(({ fields }) => fields.includes(id)));
  assert.deepEqual(missing, [], 'sandboxes whose addresses coild has not freed');
  return `${ms} ms after coild noticed the reboot no address was left; ${reclaimed.length} of ${was.sandboxes.length} were freed for it`;
}
