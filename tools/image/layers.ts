import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { koffiAddon } from '../hypercoil/koffi-plugin.ts';
import { sharedLibraries } from './shared-libraries.ts';
import type { TarEntry } from './tar.ts';

/** The user that needs no privileges runs as: coil-controller, coilctl. */
export const UNPRIVILEGED_UID = 65532;

const PROGRAM_FOLDER = 'usr/local/bin';
const LINKS = ['coild', 'coilctl', 'coil-controller', 'coil-installer'];
/** Where v1's image had them, and manifests that were made for it call them. */
const FORMER_LINKS = ['hypercoil', ...LINKS];
/** What the C library and Node look for in an image. */
const FILES: Readonly<Record<string, string>> = {
  'etc/group': `root:x:0:\ncoil:x:${UNPRIVILEGED_UID}:\n`,
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  'etc/passwd': `root:x:0:0:root:/:/nonexistent\ncoil:x:${UNPRIVILEGED_UID}:${UNPRIVILEGED_UID}:coil:/:/nonexistent\n`,
  // Node's own: what the machine that builds the image trusts is nobody else's business
  'etc/ssl/certs/ca-certificates.crt': `${rootCertificates.join('\n')}\n`,
};

/** What changes seldom: the C and C++ libraries of this machine that `hypercoil` takes, and files of the system. */
export async function systemLayer(dist: string): Promise<TarEntry[]> {
  const libraries = await sharedLibraries([join(dist, 'hypercoil'), koffiAddon()]);
  const files = await Promise.all(
    libraries.map(async (path) => ({ path: path.slice(1), mode: 0o755, content: await readFile(path) })),
  );
  const texts = Object.entries(FILES).map(([path, text]) => ({ path, mode: 0o644, content: Buffer.from(text) }));
  return inFolders([
    ...files,
    ...texts,
    { path: 'run', mode: 0o755, folder: true },
    { path: 'tmp', mode: 0o1777, folder: true },
    // runtimes name network namespaces by /var/run/netns
    { path: 'var/run', target: '../run' },
  ]);
}

/** What every version has anew: `hypercoil` with a link for each program, and the plugin at /coil, where v1 had it. */
export async function programLayer(dist: string): Promise<TarEntry[]> {
  return inFolders([
    { path: 'coil', mode: 0o755, content: await readFile(join(dist, 'coil')) },
    { path: join(PROGRAM_FOLDER, 'hypercoil'), mode: 0o755, content: await readFile(join(dist, 'hypercoil')) },
    ...LINKS.map((link) => ({ path: join(PROGRAM_FOLDER, link), target: 'hypercoil' })),
    ...FORMER_LINKS.map((link) => ({ path: link, target: join(PROGRAM_FOLDER, 'hypercoil') })),
  ]);
}

/** Sorted, each folder before what is in it. */
function inFolders(entries: readonly TarEntry[]): TarEntry[] {
  const given = new Set(entries.map(({ path }) => path));
  const folders = new Set(entries.flatMap(({ path }) => parents(path)).filter((path) => !given.has(path)));
  const all = [...entries, ...[...folders].map((path) => ({ path, mode: 0o755, folder: true }) as const)];
  return all.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function parents(path: string): string[] {
  const folder = dirname(path);
  return folder === '.' ? [] : [...parents(folder), folder];
}
