import assert from 'node:assert/strict';
import { eventually } from '../e2e/eventually.ts';
import { assertAllReach } from './reach.ts';
import type { Scenario } from './scenario.ts';
import { TcpFlows } from './tcp-flow.ts';
import { Workload } from './workload.ts';

const PODS = 16;
const BACK_MS = 120_000;

export const nodeIsRebooted: Scenario = {
  name: 'kubelet and containerd are restarted, then a whole node: its Pods come back, no address stays behind',
  run: async (cluster, tell) => {
    const web = await Workload.create(cluster.api, { name: 'web', replicas: PODS });
    const before = await web.untilRunning();
    const node = cluster.nodes[0]!;
    const its = before.filter((pod) => pod.node === node.name);
    assert.ok(its.length > 1);
    {
      await using flows = await TcpFlows.start(cluster, its.slice(0, 2));
      await node.stop('kubelet');
      await node.stop('containerd');
      await node.startContainerd();
      await node.startKubelet();
      await web.untilRunning();
      assert.deepEqual(await web.untilRunning(), before);
      tell(`kubelet and containerd were restarted; connections stood still for ${await flows.assertKept()} ms at most`);
    }

    await node.powerOff();
    tell(`${node.name} is off`);
    await node.powerOn();
    const uids = new Set(its.map(({ uid }) => uid));
    const isBack = async () => {
      const running = (await web.running()).filter((pod) => uids.has(pod.uid));
      return running.length === its.length && running.every(({ restarts }) => restarts > 0);
    };
    await eventually(`the Pods of ${node.name} run again`, isBack, BACK_MS);
    await cluster.untilReady();
    tell('it was rebooted, and its Pods run');
    const reach = async () => (await assertAllReach(cluster, await web.untilRunning())) > 0;
    await eventually('all Pods reach each other', reach, 30_000);
    await web.delete();
  },
};
