import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const FLAGS = ['-std=c11', '-O2', '-static', '-s', '-Wall', '-Wextra', '-Werror'];

/** Compiles the CNI launcher in the folder `source` to the static executable `output`; returns its source files. */
export async function makeLauncher(source: string, output: string): Promise<string[]> {
  await compileStatic([...FLAGS, '-o', output, join(source, 'coil.c')]);
  const names = await readdir(source);
  return names.filter((name) => /\.[ch]$/.test(name)).map((name) => join(source, name));
}

/**
 * With musl, whose start-up is short: glibc's asks the processor for its features, which a virtual machine makes slow
 * (0.3 ms of each Pod's start). With the machine's own C library where musl is not installed: the same, but slower.
 */
export async function compileStatic(args: readonly string[]): Promise<void> {
  const options = { timeout: 60_000 };
  try {
    await run('musl-gcc', args, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await run('cc', args, options);
  }
}
