import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { bundle } from '../../tools/hypercoil/bundle.ts';
import { makeExecutable } from '../../tools/hypercoil/executable.ts';
import { type ImageFile, writeCoilImage } from './images.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** What its coild says of itself. */
export const NEXT_VERSION = '2.0.0-e2e';

/**
 * Builds the project's image as its next version will be: the same sources, with another version in package.json,
 * and a plugin that does the same and is another file.
 */
export async function writeNextImage(folder: string): Promise<ImageFile> {
  const root = join(folder, 'next');
  try {
    await mkdir(root);
    await cp(join(ROOT, 'src'), join(root, 'src'), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as object;
    await writeFile(join(root, 'package.json'), JSON.stringify({ ...manifest, version: NEXT_VERSION }));
    await bundle(root, 'src/programs/hypercoil.ts', join(root, 'hypercoil.cjs'));
    await makeExecutable('hypercoil.cjs', 'hypercoil', root);
    await writeFile(join(root, 'coil'), await nextPlugin(), { mode: 0o755 });
    return await writeCoilImage(folder, { dist: root, tag: 'coil:e2e-next' });
  } finally {
    await rm(root, { recursive: true });
  }
}

/** What its installer puts in place of the plugin. */
export async function nextPlugin(): Promise<Buffer> {
  return Buffer.concat([await readFile(join(ROOT, 'dist/coil')), Buffer.from(NEXT_VERSION)]);
}
