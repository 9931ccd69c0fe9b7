import { eventually } from '../e2e/eventually.ts';
import type { Cluster } from './cluster.ts';
import { type PodObject, type RunningPod, runningPod } from './pod-object.ts';

const READY_MS = 60_000;

/** Kills the process of a container, as the kernel does where memory is short. @param id as containerd names it */
export async function killContainer(cluster: Cluster, node: string, id: string): Promise<void> {
  const kill = await killerOf(cluster, node, id);
  await kill();
}

/** Kills it when called, without any delay. */
async function killerOf(cluster: Cluster, node: string, id: string): Promise<() => Promise<string>> {
  const tasks = await cluster.node(node).ctr('tasks', 'list');
  const pid = new RegExp(`^${id}\\s+(\\d+)\\s`, 'm').exec(tasks)?.[1];
  if (pid === undefined) throw new Error(`containerd of ${node} has no task ${id}`);
  // its process, as containerd names it, is in the machine's namespace
  return () => cluster.node(node).run(['sh', '-c', 'kill -9 "$0"', pid]);
}

/** Gives what does a `kill -9` of every node's coild at once. */
export async function killerOfCoilds(cluster: Cluster): Promise<() => Promise<void>> {
  const coilds = await coildPods(cluster);
  const kills = await Promise.all(coilds.map(({ node, containerId }) => killerOf(cluster, node, containerId)));
  return async () => {
    await Promise.all(kills.map((kill) => kill()));
  };
}

/** The Pod of a node's coild, which runs. */
export async function coildPod({ api }: Cluster, node: string): Promise<RunningPod> {
  const query = { labelSelector: 'app.kubernetes.io/name=coil-node' };
  const pods = await api.list<PodObject>('/api/v1/namespaces/kube-system/pods', query);
  const its = pods.flatMap((pod) => runningPod(pod) ?? []).find((pod) => pod.node === node);
  if (!its) throw new Error(`coild does not run on ${node}`);
  return its;
}

/** Those of all nodes, in their order; waits until all run. */
export function coildPods(cluster: Cluster): Promise<readonly RunningPod[]> {
  const find = () => Promise.all(cluster.nodes.map(({ name }) => coildPod(cluster, name)));
  return eventually('coild runs on every node', find, READY_MS);
}
