import { dumpStore } from './datastores.ts';
import { dumpKernel } from './kernel-state.ts';
import type { NodeUnderTest } from './node-under-test.ts';
import type { Sandbox } from './sandbox.ts';

/** What the kernel itself gives a link that is up, a moment later. */
const LINK_LOCAL = /\b(fe80::(?!1[ /])|ff00::)/;

/**
 * All that there is of a sandbox, and of the pool of its namespace, in the datastore and in the kernel, without what
 * differs from one to the other: two that are attached alike have the same.
 *
 * @param subnets the beginnings of the pool's addresses: `10.3.`, `fd00:3:`
 */
export async function stateOf(
  node: NodeUnderTest,
  sandbox: Sandbox,
  subnets: readonly string[],
): Promise<readonly string[]> {
  const { datastore } = node;
  const replaced: readonly (readonly [string | RegExp, string])[] = [
    [sandbox.hostLink, 'HOSTLINK'],
    [sandbox.containerId, 'CONTAINER'],
    [sandbox.pod, 'POD'],
    [sandbox.netns.name, 'PODNETNS'],
    [node.netns.name, 'NODENETNS'],
    [new RegExp(`\\b${sandbox.namespace}\\b`, 'g'), 'NAMESPACE'],
    ...subnets.map((subnet, i) => [subnet, `SUBNET${i}-`] as const),
    [/"createdAt":"[^"]*"/g, 'TIME'],
    [/\b\d+: (?=\w+(@|:| {2,}))/g, ''],
    [/@if\d+|link-netnsid \d+|link-netns \S+/g, 'PEER'],
    [/([0-9a-f]{2}:){5}[0-9a-f]{2}/g, 'MAC'],
    [/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID'],
  ];
  const isIts = (line: string) =>
    line.includes(sandbox.hostLink) ||
    subnets.some((subnet) => line.includes(subnet)) ||
    new RegExp(`\\b${sandbox.namespace}\\b`).test(line);
  const normal = (line: string) => replaced.reduce((text, [from, to]) => text.replaceAll(from, to), line);
  const lines = [
    ...(await dumpStore(datastore.store)).filter(isIts),
    ...((await datastore.keys?.()) ?? []).filter(isIts).map((key) => `key ${key}`),
    ...(await dumpKernel(node.netns)).filter(isIts).map((line) => `node: ${line}`),
    ...(await dumpKernel(sandbox.netns)).filter((line) => !LINK_LOCAL.test(line)).map((line) => `pod: ${line}`),
  ];
  return lines.map(normal).sort();
}
