import type { IpAddress } from '../model/ip-address.ts';
import type { LinkMessage } from '../netlink/link-codec.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import type { NetlinkSocket } from '../netlink/netlink-socket.ts';
import type { Netns } from '../netlink/netns.ts';
import { lookupRoute } from '../netlink/routes.ts';
import { ownerAlias } from './owner-alias.ts';
import { tryOpenPodNetns, withSocketIn } from './pod-netns.ts';
import type { Detachment } from './pod-network.ts';
import { findLink, isPair } from './veth-pair.ts';

/** A socket in the node's namespace, and that namespace. */
export interface NodeView {
  readonly node: NetlinkSocket;
  readonly nodeNetns: Netns;
}

/**
 * Whether a host-side link is the one that is to be detached. The alias tells; a link without one was made by v1, or by
 * an attach that was killed half-way, and is told by its other end, or, where there is no namespace to look for that
 * in, by a route to the Pod that leads to it.
 * @throws {NetlinkError}; {CoilError} network
 */
export async function isOwnLink(
  view: NodeView,
  host: LinkMessage,
  detachment: Detachment,
  signal: AbortSignal,
): Promise<boolean> {
  if (host.alias !== undefined) return host.alias === ownerAlias(detachment.containerId, detachment.ifname);
  const podNetns = tryOpenPodNetns(detachment.netns, view.nodeNetns);
  if (podNetns === undefined) return await leadsToAny(view.node, host.index, detachment.addresses, signal);
  return await withSocketIn(podNetns, async (open) => {
    const container = await findLink(open(), detachment.ifname, signal);
    return container !== undefined && (await isPair({ node: view.node, podNetns }, { host, container }, signal));
  });
}

async function leadsToAny(
  node: NetlinkSocket,
  link: number,
  addresses: readonly IpAddress[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const address of addresses) {
    try {
      const route = await node.request(lookupRoute(address.toBytes()), signal);
      if (route.link === link && route.destinationLength === address.bits) return true;
    } catch (error) {
      if (!NetlinkError.is(error, 'ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL')) throw error;
    }
  }
  return false;
}
