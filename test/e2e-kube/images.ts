import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { coilImage, imageArchitecture } from '../../tools/image/coil-image.ts';
import { fullName, type Image, imageArchive } from '../../tools/image/image-archive.ts';
import { run } from './command.ts';

const CACHE = join(import.meta.dirname, '../../node_modules/.cache/coil');
const DIST = join(import.meta.dirname, '../../dist');
const POD_SOURCE = join(import.meta.dirname, '../../demo/pod.c');
/** Of the sandboxes, where it runs /pause, and of the Pods, where it runs /pod. No registry is asked for it. */
export const POD_IMAGE = 'registry.test/coil-e2e:1';

/** An archive that containerd imports, and the image's name after that. */
export interface ImageFile {
  readonly name: string;
  readonly path: string;
}

/** Compiles what serves in the Pods, and fetches from them. @returns the path of a static executable */
export async function compilePod(): Promise<string> {
  const target = join(CACHE, 'pod');
  await mkdir(CACHE, { recursive: true });
  const partial = `${target}.${process.pid}`;
  await run(['cc', '-std=gnu11', '-Wall', '-Wextra', '-Werror', '-O2', '-static', '-s', '-o', partial, POD_SOURCE]);
  await rename(partial, target);
  return target;
}

/** @param programs paths of static executables, by their names in the image */
export async function writePodImage(folder: string, programs: Readonly<Record<string, string>>): Promise<ImageFile> {
  const layer = Object.entries(programs).map(async ([name, path]) => ({
    ...{ path: name, mode: 0o755 },
    content: await readFile(path),
  }));
  const architecture = imageArchitecture();
  const config = { Env: ['PATH=/'], Entrypoint: ['/pause'], Labels: {} };
  return await write(folder, { tag: POD_IMAGE, architecture, config, layers: [await Promise.all(layer)] });
}

/** The project's own image, of what is in dist/ or another such folder. */
export async function writeCoilImage(
  folder: string,
  { dist = DIST, tag }: { readonly dist?: string; readonly tag?: string } = {},
): Promise<ImageFile> {
  return await write(folder, await coilImage(dist, tag));
}

async function write(folder: string, image: Image): Promise<ImageFile> {
  const path = join(folder, `${image.tag.replaceAll(/[/:]/g, '-')}.tar`);
  await writeFile(path, imageArchive(image));
  return { name: fullName(image.tag), path };
}
