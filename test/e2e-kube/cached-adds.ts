import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeNode } from './kube-node.ts';

/** An ADD of a Pod's interface that succeeded, as libcni remembers it. */
export interface CachedAdd {
  readonly pod: string;
  readonly uid: string;
  readonly ip: string;
  /** Path of its network namespace. */
  readonly netns: string;
  /** When the runtime wrote down the result of the last plugin, in milliseconds since 1970. */
  readonly doneAt: number;
}

interface CacheFile {
  readonly ifName: string;
  readonly cniArgs: readonly (readonly [string, string])[];
  readonly result: {
    readonly interfaces?: readonly { readonly name: string; readonly sandbox?: string }[];
    readonly ips?: readonly { readonly address: string }[];
  };
}

/** Those of the Pods that a node has, but for the loopback interfaces. */
export async function cachedAdds(node: KubeNode): Promise<readonly CachedAdd[]> {
  const folder = join(node.disk, 'var/lib/cni/results');
  const names = await readdir(folder);
  const adds = await Promise.all(names.map((name) => read(join(folder, name))));
  return adds.filter((add) => add !== undefined);
}

async function read(path: string): Promise<CachedAdd | undefined> {
  const { ifName, cniArgs, result } = JSON.parse(await readFile(path, 'utf8')) as CacheFile;
  const netns = result.interfaces?.find(({ name, sandbox }) => name === ifName && sandbox)?.sandbox;
  const ip = result.ips?.[0]?.address.split('/')[0];
  if (ifName === 'lo' || netns === undefined || ip === undefined) return undefined;
  const args = new Map(cniArgs);
  const { mtimeMs: doneAt } = await stat(path);
  return { pod: args.get('K8S_POD_NAME') ?? '', uid: args.get('K8S_POD_UID') ?? '', ip, netns, doneAt };
}
