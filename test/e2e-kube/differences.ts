import { hostIfname } from '../../src/podnet/host-ifname.ts';
import type { Observed, ObservedNode, ObservedSandbox } from './observed.ts';

/** In which the parts of the cluster do not agree, a sentence each. */
export function differences(observed: Observed): readonly string[] {
  return [
    ...observed.unsettled,
    ...betweenPodsAndSandboxes(observed),
    ...betweenSandboxesAndAddresses(observed),
    ...betweenAddressesAndBlocks(observed),
    ...observed.strays.map((key) => `${key} is assigned, in a block that no node has`),
    ...observed.nodes.flatMap((node) => [...inKernel(observed, node), ...inRoutes(observed, node)]),
  ];
}

function betweenPodsAndSandboxes({ pods, hostNetworkUids, nodes }: Observed): string[] {
  const sandboxes = nodes.flatMap((node) => podSandboxes(node, hostNetworkUids).map((one) => ({ ...one, node })));
  const uids = new Set(pods.map(({ uid }) => uid));
  return [
    ...pods.flatMap((pod) => {
      const its = sandboxes.filter(({ uid }) => uid === pod.uid);
      if (its.length !== 1) return [`the Pod ${pod.name} has ${its.length} sandboxes`];
      return [
        ...unequal(`the node of the Pod ${pod.name}, and of its sandbox`, pod.node, its[0]!.node.name),
        ...unequal(`the address of the Pod ${pod.name}, and of its sandbox`, pod.ip, its[0]!.ip),
      ];
    }),
    ...sandboxes
      .filter(({ uid }) => !uids.has(uid))
      .map(({ id, pod, node }) => `the sandbox ${id} of ${pod} on ${node.name} has no Pod`),
    ...repeated(pods.map(({ ip }) => ip)).map((ip) => `several Pods have the address ${ip}`),
  ];
}

function betweenSandboxesAndAddresses({ nodes, hostNetworkUids, addresses }: Observed): string[] {
  const sandboxes = nodes.flatMap((node) => podSandboxes(node, hostNetworkUids));
  const known = new Set(sandboxes.map(({ id }) => id));
  return [
    ...sandboxes.flatMap(({ id, namespace, pod, uid, ip, addresses: inside }) => {
      const its = addresses.filter(({ containerId }) => containerId === id);
      if (its.length !== 1) return [`${its.length} addresses are assigned to the sandbox of ${pod}, ${id}`];
      const [assigned] = its as [(typeof its)[0]];
      return [
        ...unequal(`the address of ${pod}, and what is assigned to it`, ip, assigned.ip),
        ...unequal(`the address of ${pod}, and what its interface has`, ip, inside.join(' ')),
        ...unequal(`the Pod that ${ip} is assigned to`, `${namespace}/${pod}`, `${assigned.namespace}/${assigned.pod}`),
        ...unequal(`the UID of the Pod that ${ip} is assigned to`, uid, assigned.uid ?? 'none'),
      ];
    }),
    ...addresses
      .filter(({ containerId }) => !known.has(containerId))
      .map(({ ip, pod, containerId }) => `${ip} is assigned to ${pod}, whose sandbox ${containerId} is not there`),
  ];
}

function betweenAddressesAndBlocks({ addresses, blocks, owners, nodes }: Observed): string[] {
  const found = blocks.flatMap(({ block, node }) => unequal(`who owns ${block}`, node, owners.get(block) ?? 'nobody'));
  for (const block of owners.keys()) {
    if (!blocks.some((one) => one.block === block)) found.push(`${block} has an owner, and is free`);
  }
  for (const block of repeated(blocks.map((one) => one.block))) found.push(`${block} belongs to several nodes`);
  const nodeOf = new Map(nodes.flatMap(({ name, sandboxes }) => sandboxes.map(({ id }) => [id, name])));
  for (const { ip, block, containerId } of addresses) {
    const owner = blocks.find((one) => one.block === block)?.node ?? 'nobody';
    found.push(
      ...unequal(`the node of ${ip}, and that of its block ${block}`, nodeOf.get(containerId) ?? owner, owner),
    );
  }
  return [...found, ...needlessBlocks({ blocks, addresses })];
}

/** Nodes with too many, a sentence each: of its empty blocks of a pool a node keeps one, and only beside others. */
export function needlessBlocks({ blocks, addresses }: Pick<Observed, 'blocks' | 'addresses'>): readonly string[] {
  const used = new Set(addresses.map(({ block }) => block));
  const groups = Map.groupBy(blocks, ({ pool, node }) => `${node} of pool ${pool}`);
  return [...groups].flatMap(([owner, its]) => {
    const empty = its.filter(({ block }) => !used.has(block));
    const spare = empty.length < its.length ? 1 : 0;
    return empty.length > spare ? [`${owner} keeps empty blocks: ${empty.map(({ block }) => block).join(' ')}`] : [];
  });
}

function inKernel({ hostNetworkUids }: Observed, node: ObservedNode): string[] {
  const sandboxes = podSandboxes(node, hostNetworkUids);
  const links = sandboxes.map(({ id, namespace, pod }) => `${hostIfname(namespace, pod, 'eth0')} of ${id}/eth0`);
  const routes = sandboxes.map(({ ip, namespace, pod }) => `${ip} dev ${hostIfname(namespace, pod, 'eth0')}`);
  return [
    ...missingAndMore(
      `links of Pods on ${node.name}`,
      links,
      node.links.map(({ name, alias }) => `${name} of ${alias}`),
    ),
    ...missingAndMore(
      `routes to Pods on ${node.name}`,
      routes,
      node.podRoutes.map(({ dst, dev }) => `${dst} dev ${dev}`),
    ),
  ];
}

function inRoutes({ blocks }: Observed, { name, exported, learnt }: ObservedNode): string[] {
  const own = blocks.filter(({ node }) => node === name).map(({ block }) => block);
  const others = blocks.filter(({ node }) => node !== name).map(({ block }) => block);
  return [
    ...missingAndMore(`routes in table 119 of ${name}`, own, exported),
    ...missingAndMore(`routes in the main table of ${name}, to blocks of other nodes,`, others, learnt),
  ];
}

function podSandboxes({ sandboxes }: ObservedNode, hostNetworkUids: readonly string[]): readonly ObservedSandbox[] {
  return sandboxes.filter(({ uid }) => !hostNetworkUids.includes(uid));
}

function missingAndMore(what: string, expected: readonly string[], actual: readonly string[]): string[] {
  const missing = expected.filter((one) => !actual.includes(one));
  const more = actual.filter((one) => !expected.includes(one));
  return [
    ...(missing.length > 0 ? [`${what} that are missing: ${missing.join(', ')}`] : []),
    ...(more.length > 0 ? [`${what} that are too many: ${more.join(', ')}`] : []),
    ...repeated(actual).map((one) => `${what} that are there twice: ${one}`),
  ];
}

function repeated(texts: readonly string[]): string[] {
  return [...new Set(texts.filter((one, i) => texts.indexOf(one) !== i))];
}

function unequal(what: string, one: string, other: string): string[] {
  return one === other ? [] : [`${what}: ${one}, and ${other}`];
}
