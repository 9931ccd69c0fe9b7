import { eventually } from '../e2e/eventually.ts';
import type { Cluster } from './cluster.ts';
import { killCoild } from './containers.ts';
import type { Scenario } from './scenario.ts';
import { TcpFlows } from './tcp-flow.ts';
import { Workload } from './workload.ts';

const PODS = 30;
const IMAGE = 'docker.io/library/coil:e2e-next';

export const coildIsReplaced: Scenario = {
  name: 'coild is killed, and rolled to a new image, while Pods start: none is stuck, no connection is lost',
  run: async (cluster, tell) => {
    const steady = await Workload.create(cluster.api, { name: 'steady', replicas: 4 });
    await using flows = await TcpFlows.start(cluster, await steady.untilRunning());

    const burst = await Workload.create(cluster.api, { name: 'burst', replicas: PODS });
    await eventually('some Pods run', async () => (await burst.running()).length >= 5, 60_000);
    for (const node of cluster.nodes) await killCoild(cluster, node.name);
    await burst.untilRunning();
    tell(`coild was killed on both nodes, and ${PODS} Pods run`);

    await burst.scale(5);
    await burst.untilRunning();
    await tagImage(cluster);
    const kubeSystem = ['-n', 'kube-system'];
    await cluster.kubectl([...kubeSystem, 'set', 'image', 'daemonset/coil-node', `*=${IMAGE}`]);
    await burst.scale(PODS);
    await cluster.kubectl([...kubeSystem, 'rollout', 'status', 'daemonset/coil-node', '--timeout=90s']);
    tell('the new image is rolled out');
    await burst.untilRunning();
    tell(`${PODS} Pods run; connections stood still for ${await flows.assertKept()} ms at most`);
    await Promise.all([burst.delete(), steady.delete()]);
  },
};

/** The same image by another name: what is rolled out is another Pod of the DaemonSet all the same. */
async function tagImage({ nodes, coilImage }: Cluster): Promise<void> {
  await Promise.all(nodes.map((node) => node.ctr('images', 'tag', '--force', coilImage, IMAGE)));
}
