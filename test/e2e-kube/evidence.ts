import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import type { CommandLine } from './command.ts';
import { coilKeys } from './etcd-keys.ts';
import type { KubeNode } from './kube-node.ts';

const ON_NODES: Readonly<Record<string, CommandLine>> = {
  links: ['ip', '-details', 'link', 'show'],
  addresses: ['ip', 'address', 'show'],
  routes: ['ip', 'route', 'show', 'table', 'all'],
  processes: ['ps', '-ef'],
  bird: ['birdc', '-s', '/run/bird.ctl', 'show', 'route', 'all'],
  protocols: ['birdc', '-s', '/run/bird.ctl', 'show', 'protocols', 'all'],
  rules: ['nft', 'list', 'ruleset'],
};
const OF_KUBERNETES: Readonly<Record<string, readonly string[]>> = {
  objects: ['get', 'nodes,pods,daemonsets,deployments,statefulsets', '-A', '-o', 'wide'],
  pods: ['get', 'pods', '-A', '-o', 'yaml'],
  events: ['get', 'events', '-A', '--sort-by=.lastTimestamp'],
};

/** Writes all that tells of the cluster's state into the folder of the logs, each part as far as it can be had. */
export async function saveEvidence(cluster: Cluster, folder: string): Promise<void> {
  const save = async (name: string, get: () => Promise<string>) => {
    const text = await Promise.try(get).catch((error: unknown) => `cannot be had: ${String(error)}\n`);
    await writeFile(join(folder, name), text);
  };
  for (const [name, args] of Object.entries(OF_KUBERNETES))
    await save(`kubernetes-${name}`, () => cluster.kubectl(args));
  await save('etcd-keys', async () => (await coilKeys(cluster)).map(([key, value]) => `${key}\n${value}\n`).join(''));
  for (const node of cluster.nodes) {
    for (const [name, line] of Object.entries(ON_NODES)) await save(`${node.name}-${name}`, () => node.run(line));
    await save(`${node.name}-containers`, () => node.ctr('containers', 'list'));
    await saveContainerLogs(node, folder);
  }
}

async function saveContainerLogs(node: KubeNode, folder: string): Promise<void> {
  const pods = join(node.disk, 'var/log/pods');
  await cp(pods, join(folder, `${node.name}-pods`), { recursive: true }).catch(() => undefined);
}
