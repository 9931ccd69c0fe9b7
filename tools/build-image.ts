/**
 * Makes the container image from dist/ without Docker: dist/coil-image.tar, for `ctr images import`, `docker load`,
 * `podman load` and `skopeo copy oci-archive:…`. deploy/Dockerfile makes one with the same contents.
 *
 *   node tools/build-image.ts [TAG]
 */
import { open, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { coilImage } from './image/coil-image.ts';
import { imageArchive } from './image/image-archive.ts';

const DIST = resolve(import.meta.dirname, '../dist');
const output = join(DIST, 'coil-image.tar');
const partial = `${output}.${process.pid}`;

try {
  const image = await coilImage(DIST, process.argv[2]);
  await using file = await open(partial, 'wx');
  for (const piece of imageArchive(image)) await file.writeFile(piece);
  await rename(partial, output);
  process.stdout.write(`dist/coil-image.tar holds ${image.tag} for ${image.architecture}\n`);
} catch (error) {
  await rm(partial, { force: true });
  process.stderr.write(`dist/coil-image.tar was not made: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
