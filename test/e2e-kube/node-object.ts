import type { KubeObject } from './kube-api.ts';

/** A Node of Kubernetes, with the members that the tests look at. */
export interface NodeObject extends KubeObject {
  readonly spec: { readonly taints?: readonly { readonly key: string }[]; readonly unschedulable?: boolean };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export function isReady({ status }: NodeObject): boolean {
  return status.conditions?.some(({ type, status: said }) => type === 'Ready' && said === 'True') ?? false;
}
