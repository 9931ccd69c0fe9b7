import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from './eventually.ts';

const CGROUPS = '/sys/fs/cgroup';

/** Removes a cgroup, such as `/ct-x`, and those below it, from every hierarchy: the one of version 2 and each of version 1. */
export async function removeCgroups(path: string): Promise<void> {
  const hierarchies = [CGROUPS, ...(await folders(CGROUPS))];
  for (const hierarchy of hierarchies) {
    // the kernel may take a moment to let go of a cgroup whose last process has just ended
    await eventually(`${path} is gone from ${hierarchy}`, async () => {
      await removeTree(join(hierarchy, path));
      return true;
    });
  }
}

/** The files of a cgroup cannot be removed, and go with it (cgroups(7)). */
async function removeTree(folder: string): Promise<void> {
  for (const child of await folders(folder)) await removeTree(child);
  await rmdir(folder).catch(unlessAbsent);
}

async function folders(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true }).catch(unlessAbsent)) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}

function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
