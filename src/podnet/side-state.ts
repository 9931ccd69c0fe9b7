import { IpAddress } from '../model/ip-address.ts';
import type { AddressMessage } from '../netlink/address-codec.ts';
import { addAddress, type LinkAddress, listAddresses } from '../netlink/addresses.ts';
import { LinkFlag, type LinkMessage } from '../netlink/link-codec.ts';
import { setLink } from '../netlink/links.ts';
import type { NetlinkSocket } from '../netlink/netlink-socket.ts';
import type { Request } from '../netlink/request.ts';
import { type RouteMessage, RouteScope, RouteTable, RouteType } from '../netlink/route-codec.ts';
import { listRoutes, type Route, replaceRoute } from '../netlink/routes.ts';
import type { SideLayout } from './pod-layout.ts';

/** Something that is not as it should be, and the request that makes it so. */
export interface Difference {
  /** E.g. "route 10.1.2.3 is missing". */
  readonly what: string;
  readonly fix: Request;
}

/** Where one end of a Pod's veth pair, as the kernel has it, differs from `layout`; in the order to be put right. */
export async function sideDifferences(
  socket: NetlinkSocket,
  link: LinkMessage,
  layout: SideLayout,
  signal: AbortSignal,
): Promise<Difference[]> {
  const families = [...new Set(layout.routes.map(({ family }) => family))];
  const addresses = await socket.dump(listAddresses(link.index), signal);
  const routes: RouteMessage[] = [];
  for (const family of families) {
    routes.push(...(await listRoutes(socket, family, { table: RouteTable.main, link: link.index }, signal)));
  }
  return [
    ...linkDown(link),
    ...layout.addresses
      .filter((wanted) => !addresses.some((actual) => sameAddress(wanted, actual)))
      .map((wanted) => ({ what: `address ${print(wanted.address)} is missing`, fix: addAddress(wanted) })),
    ...layout.routes
      .filter((wanted) => !routes.some((actual) => sameRoute(wanted, actual)))
      .map((wanted) => ({ what: `route ${printRoute(wanted)} is missing`, fix: replaceRoute(wanted) })),
  ];
}

function linkDown(link: LinkMessage): Difference[] {
  if ((link.flags & LinkFlag.up) !== 0) return [];
  return [{ what: 'the link is down', fix: setLink(link.index, { up: true }) }];
}

function sameAddress(wanted: LinkAddress, actual: AddressMessage): boolean {
  return sameBytes(wanted.address, actual.local ?? actual.address) && actual.prefixLength === wanted.address.length * 8;
}

function sameRoute(wanted: Route, actual: RouteMessage): boolean {
  return (
    wanted.family === actual.family &&
    sameBytes(wanted.destination, actual.destination) &&
    actual.destinationLength === (wanted.destination?.length ?? 0) * 8 &&
    sameBytes(wanted.gateway, actual.gateway) &&
    (wanted.scope ?? RouteScope.universe) === actual.scope &&
    actual.type === RouteType.unicast
  );
}

function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(one, other) === 0;
}

function print(address: Uint8Array): string {
  return IpAddress.fromBytes(address).toString();
}

function printRoute({ destination, gateway }: Route): string {
  const to = destination === undefined ? 'default' : print(destination);
  return gateway === undefined ? to : `${to} via ${print(gateway)}`;
}
