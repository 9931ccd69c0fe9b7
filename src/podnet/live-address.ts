import { IpAddress } from '../model/ip-address.ts';
import { LiveAddressError } from '../model/live-address-error.ts';
import { getLink } from '../netlink/links.ts';
import type { NetlinkSocket } from '../netlink/netlink-socket.ts';
import { lookupRoute, type Route } from '../netlink/routes.ts';

/**
 * Makes sure that no other Pod lives with the addresses of `routes`, whatever is recorded: that none of them leads to the
 * link of another container. A route to nobody's link is of a Pod that was not taken down well, as v1 left them.
 * @throws {LiveAddressError} naming that link and its container
 */
export async function requireNotLive(
  socket: NetlinkSocket,
  routes: readonly Route[],
  signal: AbortSignal,
): Promise<void> {
  for (const { destination = new Uint8Array(), link: own } of routes) {
    // where it has gone meanwhile, there is an error, or one that leads to many addresses
    const [{ value: route }] = await socket.batch([lookupRoute(destination)], signal);
    const isOfOthers = route?.destinationLength === destination.length * 8 && route.link !== own;
    if (!isOfOthers || route.link === undefined) continue;
    const [{ value: holder }] = await socket.batch([getLink(route.link)], signal);
    if (holder?.alias === undefined) continue;
    const address = IpAddress.fromBytes(destination);
    const message =
      `${address} is in use: link ${holder.name}, of ${holder.alias}, has a route to it, though the datastore ` +
      'knows nothing of that; delete the Pod with that link';
    throw new LiveAddressError(address, message);
  }
}
