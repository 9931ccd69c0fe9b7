import { stat } from 'node:fs/promises';
import { type CachedAdd, cachedAdds } from './cached-adds.ts';
import type { KubeNode } from './kube-node.ts';

/**
 * How long each sandbox of a node has waited for its network, in milliseconds: from when its namespace was made until the
 * runtime has written down the result of the last plugin.
 */
export async function networkWaits(node: KubeNode): Promise<readonly number[]> {
  return await Promise.all((await cachedAdds(node)).map((add) => waitOf(node, add)));
}

async function waitOf(node: KubeNode, { netns, doneAt }: CachedAdd): Promise<number> {
  // /var/run leads to /run, and from here that would be another one
  const { ctimeMs } = await stat(`/proc/${node.pid}/root${netns.replace(/^\/var\/run\//, '/run/')}`);
  return doneAt - ctimeMs;
}
