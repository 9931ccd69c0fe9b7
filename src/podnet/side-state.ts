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
  readonly part: 'link' | 'address' | 'route';
  /** E.g. "route 10.1.2.3 is missing". */
  readonly what: string;
  readonly fix: Request;
}

/** One end of a Pod's veth pair, as the kernel has it. */
export interface SideState {
  readonly link: LinkMessage;
  readonly addresses: readonly AddressMessage[];
  /** Of the main table, and of the families that were asked for. */
  readonly routes: readonly RouteMessage[];
}

/** Where one end of a Pod's veth pair, as the kernel has it, differs from `layout`; in the order to be put right. */
export async function sideDifferences(
  socket: NetlinkSocket,
  link: LinkMessage,
  layout: SideLayout,
  signal: AbortSignal,
): Promise<Difference[]> {
  return differencesOf(await readSide(socket, link, layout, signal), layout, replaceRoute);
}

/** Reads what of `layout` is there, and what stands in its place. @throws {NetlinkError} */
export async function readSide(
  socket: NetlinkSocket,
  link: LinkMessage,
  layout: SideLayout,
  signal: AbortSignal,
): Promise<SideState> {
  const families = [...new Set(layout.routes.map(({ family }) => family))];
  const addresses = await socket.dump(listAddresses(link.index), signal);
  const routes: RouteMessage[] = [];
  for (const family of families) {
    routes.push(...(await listRoutes(socket, family, { table: RouteTable.main, link: link.index }, signal)));
  }
  return { link, addresses, routes };
}

/** @param putRoute makes the request that puts a missing route there */
export function differencesOf(
  { link, addresses, routes }: SideState,
  layout: SideLayout,
  putRoute: (route: Route) => Request,
): Difference[] {
  return [
    ...linkDown(link),
    ...layout.addresses
      .filter((wanted) => !addresses.some((actual) => sameAddress(wanted, actual)))
      .map((wanted) => ({
        part: 'address' as const,
        what: `address ${print(wanted.address)} is missing`,
        fix: addAddress(wanted),
      })),
    ...layout.routes
      .filter((wanted) => !routes.some((actual) => sameRoute(wanted, actual)))
      .map((wanted) => ({
        part: 'route' as const,
        what: `route ${printRoute(wanted)} is missing`,
        fix: putRoute(wanted),
      })),
  ];
}

function linkDown(link: LinkMessage): Difference[] {
  if ((link.flags & LinkFlag.up) !== 0) return [];
  return [{ part: 'link', what: 'the link is down', fix: setLink(link.index, { up: true }) }];
}

export function sameAddress(wanted: LinkAddress, actual: AddressMessage): boolean {
  return sameBytes(wanted.address, actual.local ?? actual.address) && actual.prefixLength === wanted.address.length * 8;
}

/** Whether a route leads to just the address that `wanted` leads to, however. */
export function sameDestination(wanted: Route, actual: RouteMessage): boolean {
  return (
    wanted.family === actual.family &&
    sameBytes(wanted.destination, actual.destination) &&
    actual.destinationLength === (wanted.destination?.length ?? 0) * 8
  );
}

function sameRoute(wanted: Route, actual: RouteMessage): boolean {
  return (
    sameDestination(wanted, actual) &&
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
