import { stat } from 'node:fs/promises';
import { type CachedAdd, cachedAdds } from './cached-adds.ts';
import type { KubeNode } from './kube-node.ts';

/**
 * How long each sandbox of a node has waited for its network, in milliseconds: from when its namespace was made until the
 * runtime has written down the result of the last plugin.
 */
export async function networkWaits(node: KubeNode): Promise<readonly number[]> {
  const waits = await Promise.all((await cachedAdds(node)).map((add) => waitOf(node, add)));
  return waits.filter((ms) => ms !== undefined);
}

/** Undefined where the sandbox is gone: of one that nobody sent a DEL for, as after a reboot, the result stays. */
async function waitOf(node: KubeNode, { netns, doneAt }: CachedAdd): Promise<number | undefined> {
  // /var/run leads to /run, and from here that would be another one
  const path = `/proc/${node.pid}/root${netns.replace(/^\/var\/run\//, '/run/')}`;
  const made = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return made && doneAt - made.ctimeMs;
}
