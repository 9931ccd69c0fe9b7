import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Paths of the shared libraries that the dynamic linker loads for these executables or libraries, and of the linker
 * itself, sorted: `ldd FILE…`. Fails where one is missing on this machine.
 */
export async function sharedLibraries(files: readonly string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ldd', [...files], { timeout: 30_000, env: { LC_ALL: 'C' } });
  const missing = [...stdout.matchAll(/^\s+(\S+) => not found$/gm)].map((match) => match[1]);
  if (missing.length > 0) throw new Error(`missing on this machine: ${[...new Set(missing)].join(', ')}`);
  // "libm.so.6 => /lib/…/libm.so.6 (0x…)", and "/lib64/ld-linux-x86-64.so.2 (0x…)" of the linker
  const paths = [...stdout.matchAll(/^\s+(?:\S+ => )?(\/\S+) \(0x[0-9a-f]+\)$/gm)].map((match) => match[1]!);
  return [...new Set(paths)].sort();
}
