import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { withNetns } from '../../src/netlink/netns.ts';
import { command } from '../kernel/kernel-fixture.ts';
import type { LivePod } from './ledger.ts';
import { nodeAddresses, type StormScene } from './storm-scene.ts';

const REACH = join(import.meta.dirname, 'reach.ts');
const PORT = 8080;

/** The Pods' addresses that cannot be reached from the other node, which learns from table 119 where to send packets. */
export async function unreachable(scene: StormScene, live: readonly LivePod[]): Promise<readonly string[]> {
  await Promise.all(scene.nodes.map((_, i) => learn(scene, i)));
  const servers = await Promise.all(live.map(({ sandbox }) => answerIn(sandbox.netns.path)));
  try {
    const lost = scene.nodes.map(async (node) => {
      const addresses = live.filter((pod) => pod.node !== node).flatMap((pod) => pod.addresses);
      if (addresses.length === 0) return [];
      const asking = [`--net=${node.under.netns.path}`, process.execPath, REACH, String(PORT), ...addresses];
      const lines = (await command('nsenter', ...asking)).split('\n').filter((line) => line !== '');
      return lines.map((address) => `${address} does not answer to ${node.name}`);
    });
    return (await Promise.all(lost)).flat();
  } finally {
    for (const server of servers) server.close();
  }
}

/** Does once what a routing daemon does all the time. */
async function learn({ nodes }: StormScene, index: number): Promise<void> {
  const other = 1 - index;
  for (const [i, family] of ['-4', '-6'].entries()) {
    // a table that has never had a route is an error
    const shown = await nodes[other]!.under.netns.ip(`${family} -json route show table 119 proto 30`).catch(() => '[]');
    for (const { dst } of JSON.parse(shown || '[]') as { readonly dst: string }[])
      await nodes[index]!.under.netns.ip(`route replace ${dst} via ${nodeAddresses(other)[i]}`);
  }
}

/** Takes TCP connections. */
async function answerIn(netns: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
  });
  // listen(2) without a host happens in this very call, so that the socket is the namespace's
  withNetns(netns, () => void server.listen(PORT));
  await once(server, 'listening');
  return server;
}
