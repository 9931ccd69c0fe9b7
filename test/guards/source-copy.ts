import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

const PACKAGES = 'node_modules';
/** What is made, or belongs to this copy of the repository. */
const LEFT_OUT = new Set(['.git', PACKAGES, 'dist']);
/** Among the packages: what tests build of the sources. */
const BUILDS = '.cache';

/** A copy of the repository, to be spoilt, with builds of its own; gone with its disposal. */
export async function copySources(): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'ct-guards-'));
  await cp(ROOT, folder, { recursive: true, filter: (path) => path === ROOT || !LEFT_OUT.has(basename(path)) });
  await mkdir(join(folder, PACKAGES));
  for (const name of await readdir(join(ROOT, PACKAGES)))
    if (name !== BUILDS) await symlink(join(ROOT, PACKAGES, name), join(folder, PACKAGES, name));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
