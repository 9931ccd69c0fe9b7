import { setTimeout as sleep } from 'node:timers/promises';
import { CoilError } from '../model/error.ts';
import type { IpAddress } from '../model/ip-address.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import type { NetlinkSocket } from '../netlink/netlink-socket.ts';
import { RouteType } from '../netlink/route-codec.ts';
import { lookupRoute } from '../netlink/routes.ts';
import { POD_GATEWAY } from './pod-network.ts';
import type { PairSides } from './veth-pair.ts';

/** As many times without a pause, */
const QUICK_ATTEMPTS = 20;
/** and then with one, for two seconds. */
const ATTEMPTS = 1000;
const PAUSE_MS = 2;

/**
 * Waits until both ends take packets for their IPv6 addresses. The kernel adds an address at once, but has a work queue
 * join its multicast group and make its local route (addrconf_dad_work), without duplicate address detection too. That
 * is mostly over before anybody can ask, hence no notification but a few looks.
 * @throws {CoilError} network, after two seconds
 */
export async function ipv6Ready(
  sides: Pick<PairSides, 'node' | 'pod'>,
  links: { readonly host: number; readonly container: number },
  addresses: readonly IpAddress[],
  signal: AbortSignal,
): Promise<void> {
  await localRoute(sides.node, POD_GATEWAY[6], links.host, signal);
  for (const address of addresses) {
    if (address.family === 6) await localRoute(sides.pod, address, links.container, signal);
  }
}

async function localRoute(socket: NetlinkSocket, address: IpAddress, link: number, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt >= QUICK_ATTEMPTS) await sleep(PAUSE_MS, undefined, { signal });
    try {
      const route = await socket.request(lookupRoute(address.toBytes(), link), signal);
      if (route.type === RouteType.local) return;
    } catch (error) {
      if (!NetlinkError.is(error, 'ENETUNREACH', 'EHOSTUNREACH')) throw error;
    }
  }
  throw new CoilError('network', `the kernel does not take packets for ${address} after two seconds`);
}
