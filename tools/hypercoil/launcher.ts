import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const FLAGS = ['-std=c11', '-O2', '-static', '-s', '-Wall', '-Wextra', '-Werror'];

/** Compiles the CNI launcher in the folder `source` to the static executable `output`; returns its source files. */
export async function makeLauncher(source: string, output: string): Promise<string[]> {
  await run('cc', [...FLAGS, '-o', output, join(source, 'coil.c')], { timeout: 60_000 });
  const names = await readdir(source);
  return names.filter((name) => /\.[ch]$/.test(name)).map((name) => join(source, name));
}
