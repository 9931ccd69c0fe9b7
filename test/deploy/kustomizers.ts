import { spawnSync } from 'node:child_process';
import { kubeBinary } from '../kube/kube-binary.ts';

/** A kubectl that renders folders. */
export interface Kustomizer {
  readonly kubectl: string;
  /** It has kustomize 2.0.3, for which deploy/ has to be written anew. */
  readonly isOld: boolean;
}

/** Those that are here, newer ones first: in PATH, and as test/kube/build-kube.sh builds it, which is Kubernetes 1.20's. */
export function kustomizers(): readonly Kustomizer[] {
  const found = [];
  const version = clientVersion('kubectl');
  if (version)
    found.push({ kubectl: 'kubectl', isOld: version.major === '1' && Number.parseInt(version.minor, 10) < 21 });
  const built = kubeBinary('kubectl');
  if (clientVersion(built)) found.push({ kubectl: built, isOld: true });
  return found.sort((a, b) => Number(a.isOld) - Number(b.isOld));
}

function clientVersion(kubectl: string): { readonly major: string; readonly minor: string } | undefined {
  const { status, stdout } = spawnSync(kubectl, ['version', '--client', '--output=json'], { encoding: 'utf8' });
  return status === 0 ? JSON.parse(stdout).clientVersion : undefined;
}
