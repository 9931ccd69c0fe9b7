import { access, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

/** What a finished build was made of. */
export interface Stamp {
  /** When it began, by the clock of the file system: milliseconds since 1970. */
  readonly startedAt: number;
  /** Files, relative to the project's root or absolute. */
  readonly inputs: readonly string[];
}

/** Whether all of `outputs` exist, and no input recorded in the stamp `file` was changed since its build began. */
export async function isFresh(root: string, file: string, outputs: readonly string[]): Promise<boolean> {
  try {
    await Promise.all(outputs.map((output) => access(output)));
    const { startedAt, inputs } = JSON.parse(await readFile(file, 'utf8')) as Stamp;
    const stats = await Promise.all(inputs.map((input) => stat(resolve(root, input))));
    return stats.every(({ mtimeMs }) => mtimeMs < startedAt);
  } catch {
    return false; // nothing was built yet, or an input is gone: building tells
  }
}

/** Records a build, once its outputs are in place. */
export async function writeStamp(file: string, stamp: Stamp): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, `${JSON.stringify(stamp, null, 1)}\n`);
  await rename(temporary, file);
}
