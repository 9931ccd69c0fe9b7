import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeNode } from './kube-node.ts';

/** What libcni keeps of an ADD that succeeded, as far as it is looked at here. */
interface CachedAdd {
  readonly ifName: string;
  readonly result: { readonly interfaces?: readonly { readonly name: string; readonly sandbox?: string }[] };
}

/**
 * How long each sandbox of a node has waited for its network, in milliseconds: from when its namespace was made until the
 * runtime has written down the result of the last plugin.
 */
export async function networkWaits(node: KubeNode): Promise<readonly number[]> {
  const folder = join(node.disk, 'var/lib/cni/results');
  const names = await readdir(folder);
  const waits = await Promise.all(names.map((name) => waitOf(node, join(folder, name))));
  return waits.filter((ms) => ms !== undefined);
}

async function waitOf(node: KubeNode, file: string): Promise<number | undefined> {
  const { ifName, result } = JSON.parse(await readFile(file, 'utf8')) as CachedAdd;
  const netns = result.interfaces?.find(({ name, sandbox }) => name === ifName && sandbox)?.sandbox;
  // loopback has none that is told
  if (ifName === 'lo' || netns === undefined) return undefined;
  // /var/run leads to /run, and from here that would be another one
  const { ctimeMs } = await stat(`/proc/${node.pid}/root${netns.replace(/^\/var\/run\//, '/run/')}`);
  return (await stat(file)).mtimeMs - ctimeMs;
}
