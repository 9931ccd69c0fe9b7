import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = /^\.build-(\d+)$/;

/** Makes a folder for this process in `parent`, and removes those of builds that were killed: each is 400 MB. */
export async function makeScratch(parent: string): Promise<string> {
  const entries = await readdir(parent);
  const abandoned = entries.filter((entry) => {
    const pid = NAME.exec(entry)?.[1];
    return pid !== undefined && !isAlive(Number(pid));
  });
  await Promise.all(abandoned.map((entry) => rm(join(parent, entry), { recursive: true, force: true })));
  const scratch = join(parent, `.build-${process.pid}`);
  await rm(scratch, { recursive: true, force: true }); // of a killed build with our number
  await mkdir(scratch);
  return scratch;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
