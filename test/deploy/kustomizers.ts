import { spawnSync } from 'node:child_process';
import { kubeBinary } from '../kube/kube-binary.ts';

/** A kubectl that renders folders. */
export interface Kustomizer {
  readonly kubectl: string;
  /** It has kustomize 2.0.3, for which deploy/ has to be written anew. */
  readonly isOld: boolean;
}

/** Those that are here, newer ones first: in PATH, and as test/kube/build-kube.sh builds it. */
export function kustomizers(): readonly Kustomizer[] {
  const found = ['kubectl', kubeBinary('kubectl')].flatMap((kubectl) => {
    const { status, stdout } = spawnSync(kubectl, ['version', '--client', '--output=json'], { encoding: 'utf8' });
    if (status !== 0) return [];
    const { clientVersion } = JSON.parse(stdout) as { clientVersion: { major: string; minor: string } };
    return [{ kubectl, isOld: clientVersion.major === '1' && Number.parseInt(clientVersion.minor, 10) < 21 }];
  });
  return found.sort((a, b) => Number(a.isOld) - Number(b.isOld));
}
