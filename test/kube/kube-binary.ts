import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const CACHE = process.env.COIL_KUBE_CACHE ?? '/var/cache/coil-kube';

/** A program of Kubernetes itself, as build-kube.sh builds it. */
export function kubeBinary(name: string): string {
  return join(CACHE, 'bin', name);
}

/** Why tests with a real API server cannot run here; false where they can. For `skip`. */
export function kubeMissing(): string | false {
  const needed = ['etcd', 'setpriv'].filter((name) => !isInPath(name));
  if (needed.length > 0) return `needs ${needed.join(', ')}`;
  const server = kubeBinary('kube-apiserver');
  return isExecutable(server) ? false : `needs ${server}: 'test/kube/build-kube.sh' builds it, in about 4 minutes`;
}

function isInPath(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => isExecutable(join(folder, name)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
