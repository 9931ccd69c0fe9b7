import { IpAddress } from '../model/ip-address.ts';
import { LiveAddressError } from '../model/live-address-error.ts';
import { getLink } from '../netlink/links.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import type { NetlinkSocket } from '../netlink/netlink-socket.ts';
import { lookupRoute, type Route } from '../netlink/routes.ts';
import { isHostIfname } from './host-ifname.ts';

/**
 * Makes sure that nobody else has the addresses of `routes`, whatever is recorded: neither the link of another container
 * nor somebody who is not of ours. A route to a Pod's link that says of nobody whose it is is of a Pod that was not taken
 * down well, as v1 left them.
 * @throws {LiveAddressError} naming that link and its container, or what has the route
 */
export async function requireNotLive(
  socket: NetlinkSocket,
  routes: readonly Route[],
  signal: AbortSignal,
): Promise<void> {
  for (const { destination = new Uint8Array(), link: own } of routes) {
    const holder = await holderOf(socket, { destination, own }, signal);
    if (holder === undefined) continue;
    const address = IpAddress.fromBytes(destination);
    throw new LiveAddressError(address, `${address} is in use: ${holder}`);
  }
}

/** Undefined where nobody has a route to the address, but one that may be replaced. */
async function holderOf(
  socket: NetlinkSocket,
  { destination, own }: { readonly destination: Uint8Array; readonly own: number | undefined },
  signal: AbortSignal,
): Promise<string | undefined> {
  const [{ value: route, error }] = await socket.batch([lookupRoute(destination)], signal);
  // one that refuses, as of type blackhole, answers with an error of its own
  if (error !== undefined)
    return NetlinkError.is(error, 'ENETUNREACH') ? undefined : othersRoute(`one that refuses (${error.message})`);
  // where it has gone meanwhile, one leads to many addresses
  if (route?.destinationLength !== destination.length * 8 || route.link === own) return undefined;
  const holder = route.link === undefined ? undefined : (await socket.batch([getLink(route.link)], signal))[0].value;
  if (holder?.alias !== undefined)
    return (
      `link ${holder.name}, of ${holder.alias}, has a route to it, though the datastore ` +
      'knows nothing of that; delete the Pod with that link'
    );
  const isOfPod = holder?.kind === 'veth' && isHostIfname(holder.name ?? '') && route.gateway === undefined;
  return isOfPod ? undefined : othersRoute(`one that leads to ${holder?.name ?? 'no link'}`);
}

function othersRoute(which: string): string {
  return `the node has a route to it that is not of Coil's making, ${which}; remove that, or take its network from the pool`;
}
