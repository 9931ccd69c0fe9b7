import { kustomizers } from './kustomizers.ts';

/** Why manifests cannot be rendered here; false where they can. For `skip`. */
export function kubectlMissing(): string | false {
  if (kustomizers().length > 0) return false;
  return "needs kubectl, which 'test/kube/build-kube.sh kubectl' builds";
}
