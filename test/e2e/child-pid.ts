import { readFile } from 'node:fs/promises';

/** The one child of a process that does nothing but start it and wait: unshare --fork, nsenter --pid (proc(5), children). */
export async function childPid(parent: number): Promise<number> {
  const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8');
  const pid = Number.parseInt(children, 10);
  if (Number.isNaN(pid)) throw new Error(`process ${parent} has no child`);
  return pid;
}
