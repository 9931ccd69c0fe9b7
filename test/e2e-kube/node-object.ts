import type { KubeObject } from './kube-api.ts';

/** What docs/operations.md has kubelets register their nodes with. */
export const BOOTSTRAP_TAINT = 'coil.cybozu.com/bootstrap';

/** A Node of Kubernetes, with the members that the tests look at. */
export interface NodeObject extends KubeObject {
  readonly spec: { readonly taints?: readonly { readonly key: string }[]; readonly unschedulable?: boolean };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Kept from Pods until Coil is there. */
export function isTainted({ spec }: NodeObject): boolean {
  return spec.taints?.some(({ key }) => key === BOOTSTRAP_TAINT) ?? false;
}

export function isReady({ status }: NodeObject): boolean {
  return status.conditions?.some(({ type, status: said }) => type === 'Ready' && said === 'True') ?? false;
}
