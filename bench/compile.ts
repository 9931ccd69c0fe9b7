import { basename, join } from 'node:path';
import { compileStatic } from '../tools/hypercoil/launcher.ts';

/** Compiles a C file to a static executable in a folder, as the launcher is; gives its path. */
export async function compile(source: string, folder: string): Promise<string> {
  const executable = join(folder, basename(source, '.c'));
  await compileStatic(['-O2', '-static', '-o', executable, source]);
  return executable;
}
