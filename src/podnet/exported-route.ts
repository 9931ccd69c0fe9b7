import { IpAddress, type IpFamily } from '../model/ip-address.ts';
import { IpPrefix } from '../model/ip-prefix.ts';
import { AddressFamily } from '../netlink/address-family.ts';
import { type RouteMessage, RouteScope, RouteType } from '../netlink/route-codec.ts';
import type { Route } from '../netlink/routes.ts';

/** Where exported routes stand, and what marks them as Coil's. */
export interface ExportTable {
  /** Number of the kernel's routing table. */
  readonly tableId: number;
  /** Routes with another protocol number are somebody else's. */
  readonly protocolId: number;
}

export const FAMILIES = [
  { family: AddressFamily.inet, version: 4 },
  { family: AddressFamily.inet6, version: 6 },
] as const satisfies readonly { family: number; version: IpFamily }[];

/** `ip route add BLOCK dev lo table 119 proto 30 scope global` */
export function exportedRoute(block: IpPrefix, loopback: number, table: ExportTable): Route {
  return {
    family: block.family === 4 ? AddressFamily.inet : AddressFamily.inet6,
    destination: block.address.toBytes(),
    prefixLength: block.length,
    link: loopback,
    table: table.tableId,
    protocol: table.protocolId,
    scope: RouteScope.universe,
    type: RouteType.unicast,
  };
}

/** The block that a route of ours exports. */
export function blockOf(route: RouteMessage): IpPrefix {
  const bytes = route.destination ?? new Uint8Array(route.family === AddressFamily.inet ? 4 : 16);
  return new IpPrefix(IpAddress.fromBytes(bytes), route.destinationLength);
}

/** Whether a route of ours is as `exportedRoute` makes it, whatever its metric. */
export function isRight(route: RouteMessage, loopback: number): boolean {
  return (
    route.link === loopback &&
    route.gateway === undefined &&
    route.scope === RouteScope.universe &&
    route.type === RouteType.unicast
  );
}

/** What deletes that very route, and never one that somebody else made. */
export function deletionOf(route: RouteMessage): Route {
  const { destination, gateway, link, priority } = route;
  return {
    family: route.family,
    ...(destination !== undefined && { destination, prefixLength: route.destinationLength }),
    ...(gateway !== undefined && { gateway }),
    ...(link !== undefined && { link }),
    ...(priority !== undefined && { priority }),
    table: route.table,
    protocol: route.protocol,
    scope: route.scope,
    type: route.type,
  };
}
