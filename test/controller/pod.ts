import type { PodAddresses } from '../../src/controller/pod-source.ts';

/** A running Pod `namespace/pod` on node1, but for what is said of it. */
export function pod(members: Partial<PodAddresses>): PodAddresses {
  return {
    ...{ namespace: 'namespace', name: 'pod', node: 'node1', addresses: [] },
    ...{ hostNetwork: false, finished: false, terminating: false },
    ...members,
  };
}
