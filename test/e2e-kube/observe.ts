import type { Cluster } from './cluster.ts';
import { coilKeys } from './etcd-keys.ts';
import { inParallel } from './in-parallel.ts';
import type { KubeNode } from './kube-node.ts';
import type { Observed, ObservedAddress, ObservedBlock, ObservedNode, ObservedSandbox } from './observed.ts';
import { type PodObject, runningPod } from './pod-object.ts';

const STORE_MS = 10_000;
const AT_ONCE = 8;
const COIL_TABLE = '119';
const COIL_PROTOCOL = '30';
/** What eth0 has in the networks of these processes. */
const ADDRESSES =
  'for pid; do nsenter --net=/proc/$pid/ns/net ip -oneline -4 address show eth0 | sed "s/^/$pid /"; done';

interface IpLink {
  readonly ifname: string;
  readonly ifalias?: string;
}

interface IpRoute {
  readonly dst: string;
  readonly dev?: string;
  readonly protocol?: string;
  readonly type?: string;
  /** Absent for the main table. */
  readonly table?: string;
}

/** Asks every part of the cluster. */
export async function observe(cluster: Cluster): Promise<Observed> {
  const pods = await cluster.api.list<PodObject>('/api/v1/pods');
  const ended = ({ status: { phase } }: PodObject) => phase === 'Succeeded' || phase === 'Failed';
  const inOwnNetwork = pods.filter(({ spec }) => !spec.hostNetwork);
  const running = inOwnNetwork.flatMap((pod) => runningPod(pod) ?? []);
  const unsettled = inOwnNetwork.filter((pod) => !ended(pod) && runningPod(pod) === undefined);
  return {
    pods: running,
    hostNetworkUids: pods.filter(({ spec }) => spec.hostNetwork).map(({ metadata }) => metadata.uid),
    unsettled: unsettled.map(
      ({ metadata, status }) =>
        `the Pod ${metadata.name} is ${metadata.deletionTimestamp === undefined ? status.phase : 'being deleted'}`,
    ),
    ...(await observeStore(cluster)),
    nodes: await Promise.all(cluster.nodes.map(observeNode)),
  };
}

async function observeStore(cluster: Cluster): Promise<Pick<Observed, 'blocks' | 'owners' | 'addresses' | 'strays'>> {
  const signal = AbortSignal.timeout(STORE_MS);
  const blocks: ObservedBlock[] = [];
  const addresses: ObservedAddress[] = [];
  const owners = new Map<string, string>();
  const owned = new Map((await coilKeys(cluster, 'owner/')).map(([key, node]) => [key, node]));
  for (const [node, its] of await cluster.store.listBlocks(signal)) {
    for (const { pool, block } of its) {
      blocks.push({ pool, block: String(block), node });
      const network = String(block.nth(0));
      const owner = owned.get(network);
      if (owner !== undefined) owners.set(String(block), owner);
      owned.delete(network);
      for (const { offset, assignment } of await cluster.store.listAddresses(block, signal)) {
        const { containerId, namespace, pod, podUid } = assignment;
        addresses.push({
          ...{ ip: String(block.nth(offset)), block: String(block) },
          ...{ containerId, namespace, pod, uid: podUid },
        });
      }
    }
  }
  // those of blocks that are nobody's have no length
  for (const [network, node] of owned) owners.set(network, node);
  const networks = new Set(blocks.map(({ block }) => block.split('/')[0]));
  const keys = (await coilKeys(cluster, 'ip/')).map(([key]) => key);
  const strays = keys.filter((key) => !networks.has(key.split('/')[0]));
  return { blocks, owners, addresses, strays };
}

async function observeNode(node: KubeNode): Promise<ObservedNode> {
  const isPods = (name: string | undefined) => name?.startsWith('veth') === true;
  // a table without routes may not be there at all
  const all = await node.ip<IpRoute[]>('-4 route show table all');
  const main = all.filter(({ table }) => table === undefined);
  const exported = all.filter(({ table, protocol }) => table === COIL_TABLE && protocol === COIL_PROTOCOL);
  return {
    ...{ name: node.name, address: node.address },
    sandboxes: await observeSandboxes(node),
    links: (await node.ip<IpLink[]>('link show'))
      .filter(({ ifname }) => isPods(ifname))
      .map(({ ifname, ifalias }) => ({ name: ifname, alias: ifalias })),
    podRoutes: main.flatMap(({ dst, dev }) => (dev !== undefined && isPods(dev) ? [{ dst, dev }] : [])),
    exported: exported.map(({ dst }) => dst),
    // the node's own blocks are there as unreachable
    learnt: main.filter(({ protocol, type }) => protocol === 'bird' && type !== 'unreachable').map(({ dst }) => dst),
  };
}

async function observeSandboxes(node: KubeNode): Promise<ObservedSandbox[]> {
  const ready = (await node.cri.listPodSandbox()).filter(({ state }) => state === 'SANDBOX_READY');
  const found = await inParallel(AT_ONCE, ready, async ({ id, metadata: { namespace, name: pod, uid } }) => {
    const { ip, pid } = await node.cri.podSandboxStatus(id);
    return { id, namespace, pod, uid, ip, pid };
  });
  // without an address of their own: in the node's network
  const pids = found.filter(({ ip }) => ip !== '').map(({ pid }) => String(pid));
  const lines = (await node.run(['sh', '-c', ADDRESSES, 'sh', ...pids])).split('\n');
  return found.map(({ pid, ...sandbox }) => {
    const its = lines.filter((line) => line.startsWith(`${pid} `));
    return { ...sandbox, addresses: its.map((line) => / inet ([\d.]+)/.exec(line)?.[1] ?? line) };
  });
}
