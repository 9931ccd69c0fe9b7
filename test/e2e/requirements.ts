import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { NEEDED_PLUGINS, REFERENCE_PLUGINS } from './containerd.ts';

const PROGRAMS = ['cc', 'containerd', 'ctr', 'ip', 'iptables', 'nsenter', 'runc', 'setpriv', 'unshare'];

/** Why the tests with a container runtime cannot run here; undefined where they can. */
export function containerdMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = PROGRAMS.filter((name) => !isInPath(name));
  if (missing.length > 0) return `needs ${missing.join(', ')}`;
  const plugins = NEEDED_PLUGINS.map((name) => join(REFERENCE_PLUGINS, name)).filter((path) => !isExecutable(path));
  return plugins.length > 0 ? `needs ${plugins.join(', ')}` : undefined;
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
