/**
 * Builds what an administrator copies: dist/hypercoil, all programs in one executable that needs no Node; links to it
 * by the names of its programs; and dist/coil, the CNI launcher. Does nothing where these are newer than their sources.
 *
 *   node tools/build-hypercoil.ts
 */
import { mkdir, readdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { bundle } from './hypercoil/bundle.ts';
import { makeExecutable } from './hypercoil/executable.ts';
import { makeLauncher } from './hypercoil/launcher.ts';
import { makeScratch } from './hypercoil/scratch.ts';
import { isFresh, writeStamp } from './hypercoil/stamp.ts';

const ROOT = resolve(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
const ENTRY = 'src/programs/hypercoil.ts';
const MAIN = 'hypercoil.cjs';
const STAMP = join(DIST, '.hypercoil.json');
const LINKS = ['coild', 'coilctl', 'coil-controller', 'coil-installer'];
const OUTPUTS = ['hypercoil', 'coil', ...LINKS];

await mkdir(DIST, { recursive: true });
const outputs = OUTPUTS.map((name) => join(DIST, name));
try {
  if (!(await isFresh(ROOT, STAMP, outputs))) await build();
} catch (error) {
  process.stderr.write(`dist/ is not up to date: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

/** Builds into a folder of its own, so that what stands in dist/ is whole at every moment. */
async function build(): Promise<void> {
  const scratch = await makeScratch(DIST);
  try {
    const { mtimeMs: startedAt } = await stat(scratch);
    const bundled = await bundle(ROOT, ENTRY, join(scratch, MAIN));
    await makeExecutable(MAIN, 'hypercoil', scratch);
    const launcher = await makeLauncher(join(ROOT, 'launcher'), join(scratch, 'coil'));
    for (const link of LINKS) await symlink('hypercoil', join(scratch, link));
    for (const output of OUTPUTS) await rename(join(scratch, output), join(DIST, output));
    const inputs = [
      ...bundled,
      ...launcher,
      ...(await ownSources()),
      join(ROOT, 'package-lock.json'),
      process.execPath,
    ];
    await writeStamp(STAMP, { startedAt, inputs: inputs.map((input) => relative(ROOT, resolve(ROOT, input))) });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function ownSources(): Promise<string[]> {
  const parts = await readdir(join(import.meta.dirname, 'hypercoil'));
  return [import.meta.filename, ...parts.map((part) => join(import.meta.dirname, 'hypercoil', part))];
}
