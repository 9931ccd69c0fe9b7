import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { API_SERVICE_ADDRESS, CONTROL_ADDRESS, NODE_PREFIX } from './addresses.ts';
import { routerBird } from './bird.ts';
import { run } from './command.ts';
import { Service } from './service.ts';

/** The bridge that the nodes are joined by. */
export const BRIDGE = 'nodes';

const SET_UP = `set -e
ip link add ${BRIDGE} type bridge
ip addr add ${CONTROL_ADDRESS}/${NODE_PREFIX} dev ${BRIDGE}
ip addr add ${API_SERVICE_ADDRESS}/32 dev ${BRIDGE}
ip link set ${BRIDGE} up
echo 1 >/proc/sys/net/ipv4/ip_forward
`;

/** Makes this process's network the one of the control plane, with a router that the nodes tell their blocks. */
export async function setUpNetwork(folder: string, logs: string, nodes: readonly string[]): Promise<void> {
  await run(['sh', '-c', SET_UP]);
  const config = join(folder, 'router.conf');
  await writeFile(config, routerBird(nodes));
  const line = ['bird', '-f', '-c', config, '-s', join(folder, 'router.ctl')] as const;
  await Service.start({ name: 'router-bird', line, logs, env: process.env });
}
