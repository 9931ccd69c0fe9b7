import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from './eventually.ts';

const CGROUPS = '/sys/fs/cgroup';

/** Makes a cgroup, such as `/ct-x/node1`, in every hierarchy, where processes can be put in it. */
export async function makeCgroups(path: string): Promise<void> {
  for (const hierarchy of [CGROUPS, ...(await folders(CGROUPS))]) {
    // the first is a hierarchy only where version 2 is the only one
    if (existsSync(join(hierarchy, 'cgroup.procs'))) await makeInside(hierarchy, path.split('/').filter(Boolean));
  }
}

/**
 * Lets a cgroup have so many shares of the processors: 1024 is what a single process beside it has, whatever its own
 * number of processes (sched-design-CFS, cpu.shares). With version 2 it keeps what it has.
 */
export async function weighCgroup(path: string, shares: number): Promise<void> {
  for (const hierarchy of await folders(CGROUPS)) {
    const file = join(hierarchy, path, 'cpu.shares');
    if (existsSync(file)) await writeFile(file, String(shares));
  }
}

/** A cpuset of version 1 is empty at first, and takes no process then (cpuset(7)). */
async function makeInside(parent: string, [name, ...rest]: readonly string[]): Promise<void> {
  if (name === undefined) return;
  const folder = join(parent, name);
  await mkdir(folder, { recursive: true });
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (!existsSync(join(parent, file)) || (await readFile(join(folder, file), 'utf8')).trim() !== '') continue;
    await writeFile(join(folder, file), await readFile(join(parent, file)));
  }
  await makeInside(folder, rest);
}

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
