import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestNetns } from '../kernel/kernel-fixture.ts';
import { eventually } from './eventually.ts';

const DUMPS = ['link show', 'address show', 'route show table all'];

/**
 * Links, addresses and routes of a namespace, as text to compare. Without what the kernel does by itself a while later:
 * link-local addresses of its own making.
 */
export async function dumpKernel(netns: TestNetns): Promise<readonly string[]> {
  const dumping = promisify(execFile)('ip', ['-n', netns.name, '-oneline', '-batch', '-']);
  dumping.child.stdin!.end(`${DUMPS.join('\n')}\n`);
  const { stdout } = await dumping;
  return stdout.split('\n').filter((line) => line !== '' && !isKernelsOwn(line));
}

/** Whether a line of `ip` tells of what the kernel does by itself, a while after a link has a carrier. */
export function isKernelsOwn(line: string): boolean {
  return /fe80::(?!1(?![0-9a-f:]))|anycast|multicast ff00/.test(line);
}

/** The Pods' links of a node: `veth0123456789a`. */
export async function podLinks(node: TestNetns): Promise<readonly string[]> {
  const links = JSON.parse(await node.ip('-json link show')) as { readonly ifname: string }[];
  return links.map(({ ifname }) => ifname).filter((name) => name.startsWith('veth'));
}

/** The kernel makes IPv6 link-local addresses by itself, and needs a second or two to be sure of them. */
export async function addressesSettled(netns: TestNetns): Promise<void> {
  await eventually('the links have their addresses', async () => (await netns.ip('address show tentative')) === '');
}
