import { existsSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What there still is of a machine of that name, which has been removed: mounts, cgroups, its folder, and processes that
 * came from it. Namespaces and links go with the last process; a namespace that is held by a mount is a mount.
 */
export async function leftovers(name: string): Promise<readonly string[]> {
  const found: string[] = [];
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').filter((line) => line.includes(name));
  found.push(...mounts.map((line) => `mount ${line}`));
  for (const folder of [tmpdir(), '/sys/fs/cgroup', ...(await hierarchies())])
    if (existsSync(join(folder, name))) found.push(`folder ${join(folder, name)}`);
  for (const process of await readdir('/proc')) {
    if (/^\d+$/.test(process) && (await comesFrom(process, name))) found.push(`process ${process}`);
  }
  return found;
}

async function hierarchies(): Promise<string[]> {
  return (await readdir('/sys/fs/cgroup')).map((one) => join('/sys/fs/cgroup', one));
}

/** By its command line or a file that it has as its standard output. */
async function comesFrom(process: string, name: string): Promise<boolean> {
  try {
    const line = await readFile(`/proc/${process}/cmdline`, 'utf8');
    return line.includes(name) || (await readlink(`/proc/${process}/fd/1`)).includes(name);
  } catch {
    // it ended meanwhile
    return false;
  }
}
