import type { Cluster } from './cluster.ts';
import type { DemoRun } from './demo-run.ts';
import type { Node } from './node.ts';
import { Pod } from './pod.ts';
import { buildPodProgram } from './pod-program.ts';
import type { Progress } from './progress.ts';
import { exportedBlocks, learntBlocks } from './routes.ts';
import { formatTable } from './table.ts';
import { until } from './until.ts';

/** How many Pods each node gets. */
const PODS = 3;

export interface Workload {
  readonly pods: readonly Pod[];
  /** Path of what runs in the Pods. */
  readonly program: string;
}

/** Gives each node its Pods, one after the other, and starts what runs in them. */
export function attachPods(run: DemoRun, progress: Progress, { coilds }: Cluster): Promise<Workload> {
  return progress.step(`Attach ${PODS} Pods to each node, by CNI ADD`, async (tick) => {
    const program = await buildPodProgram(run);
    const pods: Pod[] = [];
    for (const coild of coilds) {
      for (let i = 0; i < PODS; i++) {
        pods.push(await Pod.start(run, `pod${pods.length + 1}`, { coild, program }));
        tick();
      }
    }
    return { pods, program };
  });
}

/** Waits until each node's kernel has the routes to all blocks, and shows them with the Pods. */
export async function showRoutes(
  run: DemoRun,
  progress: Progress,
  cluster: Cluster,
  pods: readonly Pod[],
): Promise<void> {
  const rows = await progress.step("Wait until BIRD has carried each node's block to the other", async (tick) => {
    const found: string[][] = [];
    const [node1, node2] = cluster.nodes;
    for (const [node, other] of [[node1, node2] as const, [node2, node1] as const]) {
      const routes = await untilRouted(run, cluster, node, other);
      const here = pods.filter(({ nodeName }) => nodeName === node.name);
      found.push([node.name, ...routes, here.map(({ name, address }) => `${name} ${address}`).join(', ')]);
      tick();
    }
    return found;
  });
  const heading = ['node', 'its block, in table 119', 'learnt by BGP', 'Pods'];
  progress.show(`\n${formatTable([heading, ...rows])}\n`);
}

async function untilRouted(run: DemoRun, { coilctl, logs }: Cluster, node: Node, other: Node): Promise<string[]> {
  const own = await coilctl.blocksOf(node, run);
  const others = await coilctl.blocksOf(other, run);
  const routed = async () => {
    const exported = await exportedBlocks(node, run);
    const learnt = await learntBlocks(node, other, run);
    const all = own.every((block) => exported.includes(block)) && others.every((block) => learnt.includes(block));
    return all ? true : undefined;
  };
  const what = `${node.name} has routes to ${[...own, ...others].join(' and ')}`;
  await until(what, routed, { signal: run.signal, logs });
  return [own.join(', '), `${others.join(', ')} via ${other.address}`];
}

/** Takes the Pods' network away, and waits until nothing of it is left anywhere. */
export async function detachPods(
  run: DemoRun,
  progress: Progress,
  cluster: Cluster,
  pods: readonly Pod[],
): Promise<void> {
  await progress.step('Detach the Pods, by CNI DEL', async (tick) => {
    for (const pod of pods) {
      await pod.detach(run);
      tick();
    }
  });
  const { nodes, coilctl, logs } = cluster;
  await progress.step('Wait until the blocks are back in the pool, and their routes gone', async () => {
    for (const [i, node] of nodes.entries()) {
      const other = nodes[1 - i]!;
      let left: string[] = [];
      const gone = async () => {
        left = [
          ...(await coilctl.blocksOf(node, run)),
          ...(await exportedBlocks(node, run)),
          ...(await learntBlocks(node, other, run)),
        ];
        return left.length === 0 ? true : undefined;
      };
      await until(() => `${node.name} has neither blocks nor routes; it has ${left.join(', ')}`, gone, {
        signal: run.signal,
        logs,
      });
    }
  });
}
