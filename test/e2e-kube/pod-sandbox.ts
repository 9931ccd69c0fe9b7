import { eventually } from '../e2e/eventually.ts';
import type { Cluster } from './cluster.ts';
import { killContainer } from './containers.ts';
import type { RunningPod } from './pod-object.ts';

/** A Pod's sandbox that runs, as containerd has it. */
export interface PodSandbox {
  readonly id: string;
  readonly ip: string;
  /** Of its process, as its node sees it. */
  readonly pid: number;
}

export async function podSandbox(
  cluster: Cluster,
  { node, uid, name }: Pick<RunningPod, 'node' | 'uid' | 'name'>,
): Promise<PodSandbox> {
  const { cri } = cluster.node(node);
  const found = (await cri.listPodSandbox()).find(
    ({ state, metadata }) => state === 'SANDBOX_READY' && metadata.uid === uid,
  );
  if (!found) throw new Error(`the Pod ${name} has no sandbox on ${node}`);
  const { ip, pid } = await cri.podSandboxStatus(found.id);
  return { id: found.id, ip, pid };
}

/**
 * Kills a Pod's sandbox, in whose place kubelet has another made, which takes a DEL and an ADD, and no API server.
 * @returns the other one
 */
export async function renewSandbox(cluster: Cluster, pod: RunningPod, ms: number): Promise<PodSandbox> {
  const { id } = await podSandbox(cluster, pod);
  await killContainer(cluster, pod.node, id);
  const another = async () => {
    const sandbox = await podSandbox(cluster, pod);
    return sandbox.id !== id && sandbox;
  };
  return await eventually(`the Pod ${pod.name} has another sandbox`, another, ms);
}
