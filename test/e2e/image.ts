import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type TarEntry, tar } from '../../tools/image/tar.ts';

const SOURCE = join(import.meta.dirname, 'pause.c');
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/coil');
const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };

/** What the image is called once it is imported. No registry is asked for it. */
export const PAUSE_IMAGE = 'registry.test/pause:1';

/** Compiles pause.c. @returns the path of a static executable */
export async function compilePause(): Promise<string> {
  const target = join(CACHE, 'pause');
  await mkdir(CACHE, { recursive: true });
  // test files run side by side: each compiles to a name of its own, and the last rename wins
  const partial = `${target}.${process.pid}`;
  await promisify(execFile)('cc', [
    '-std=gnu11',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-O2',
    '-static',
    '-s',
    '-o',
    partial,
    SOURCE,
  ]);
  await rename(partial, target);
  return target;
}

/** An image with nothing in it but /pause, as `docker save` writes images and `ctr images import` reads them. */
export async function pauseImage(pause: string): Promise<Buffer> {
  const layer = Buffer.concat(tar([{ path: 'pause', mode: 0o755, content: await readFile(pause) }]));
  const config = json({
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    config: { Entrypoint: ['/pause'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
  });
  const configPath = `${sha256(config)}.json`;
  const manifest = json([{ Config: configPath, RepoTags: [PAUSE_IMAGE], Layers: ['layer.tar'] }]);
  return Buffer.concat(tar([file(configPath, config), file('layer.tar', layer), file('manifest.json', manifest)]));
}

function file(path: string, content: Buffer): TarEntry {
  return { path, mode: 0o644, content };
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
