import type { KubeObject } from './kube-api.ts';

/** A Pod of Kubernetes, with the members that the tests look at. */
export interface PodObject extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly namespace: string; readonly uid: string };
  readonly spec: { readonly nodeName?: string; readonly hostNetwork?: boolean };
  readonly status: {
    readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
    readonly podIP?: string;
    readonly containerStatuses?: readonly {
      readonly containerID?: string;
      readonly imageID: string;
      readonly ready: boolean;
      readonly restartCount: number;
    }[];
  };
}

/** A Pod that runs in a network of its own. */
export interface RunningPod {
  readonly name: string;
  readonly namespace: string;
  readonly node: string;
  readonly ip: string;
  readonly uid: string;
  /** Of its only container, as containerd names it. */
  readonly containerId: string;
  /** Of that container's image: its digest, however it is called. */
  readonly imageId: string;
  readonly restarts: number;
}

/** @returns undefined unless its container runs, and nobody has begun to delete it */
export function runningPod({ metadata, spec, status }: PodObject): RunningPod | undefined {
  const [container] = status.containerStatuses ?? [];
  if (status.phase !== 'Running' || metadata.deletionTimestamp !== undefined || !container?.ready) return undefined;
  if (status.podIP === undefined || spec.nodeName === undefined || container.containerID === undefined)
    return undefined;
  return {
    ...{ name: metadata.name, namespace: metadata.namespace, uid: metadata.uid },
    ...{ node: spec.nodeName, ip: status.podIP, restarts: container.restartCount },
    containerId: container.containerID.replace(/^containerd:\/\//, ''),
    imageId: container.imageID,
  };
}
