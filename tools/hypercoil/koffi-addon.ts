/**
 * Takes the place of koffi's own loader inside the single executable: the native addon travels as an asset, and the
 * dynamic linker loads nothing but files, so the asset becomes one for the moment of loading.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRawAsset } from 'node:sea';

export const KOFFI_ASSET = 'koffi.node';

/** Any of them may be read-only, full, or mounted noexec (/tmp on hardened hosts, /dev/shm in containers). */
const DIRECTORIES = ['/run', '/tmp', '/dev/shm'];

/** What koffi calls to get its native half. Throws an error that names every folder tried, and why each failed. */
export function loadStatic(): unknown {
  return loadAddon(new Uint8Array(getRawAsset(KOFFI_ASSET)), [...new Set([...DIRECTORIES, tmpdir()])]);
}

/** Loads `addon`, the bytes of a Node addon, from a file in the first of `directories` that lets it; leaves no file. */
export function loadAddon(addon: Uint8Array, directories: readonly string[]): unknown {
  const failures: Error[] = [];
  for (const directory of directories) {
    try {
      return loadFrom(directory, addon);
    } catch (error) {
      failures.push(error as Error);
    }
  }
  const reasons = failures.map(({ message }, index) => `${directories[index]} (${message})`).join('; ');
  throw new AggregateError(
    failures,
    `cannot load the library for system calls from a file: tried ${reasons}. ` +
      'One of these folders, or the one that TMPDIR names, must be writable and not mounted noexec',
  );
}

function loadFrom(directory: string, addon: Uint8Array): unknown {
  // mkdtemp makes it 0700, so that nobody else can put another library in its place
  const own = mkdtempSync(join(directory, 'coil-'));
  try {
    const file = join(own, 'koffi.node');
    writeFileSync(file, addon, { mode: 0o500, flag: 'wx' });
    const module: { exports: unknown } = { exports: {} };
    process.dlopen(module, file, constants.dlopen.RTLD_NOW);
    return module.exports;
  } finally {
    rmSync(own, { recursive: true, force: true }); // the mapping stays when the file goes
  }
}
