import { execFile } from 'node:child_process';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Compiles a C file to a static executable in a folder; gives its path. */
export async function compile(source: string, folder: string): Promise<string> {
  const executable = join(folder, basename(source, '.c'));
  await run('gcc', ['-O2', '-static', '-o', executable, source]);
  return executable;
}
