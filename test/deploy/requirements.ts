import { spawnSync } from 'node:child_process';

/** Why manifests cannot be rendered here; false where they can. For `skip`. */
export function kubectlMissing(): string | false {
  const { status } = spawnSync('kubectl', ['kustomize', '--help'], { stdio: 'ignore' });
  return status === 0 ? false : 'needs kubectl, which has kustomize in it';
}
