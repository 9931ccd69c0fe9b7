import { AddressFamily, familyOf, fullLength, printAddress } from './address-family.ts';
import { MessageFlag } from './message.ts';
import { NetlinkError } from './netlink-error.ts';
import type { NetlinkSocket } from './netlink-socket.ts';
import type { Request } from './request.ts';
import {
  decodeRoute,
  encodeRoute,
  RouteFlag,
  type RouteMessage,
  RouteProtocol,
  RouteScope,
  RouteTable,
  RouteType,
} from './route-codec.ts';

// RTM_*, linux/rtnetlink.h
const NEW_ROUTE = 24;
const DELETE_ROUTE = 25;
const GET_ROUTE = 26;

export interface Route {
  /** One of `AddressFamily`. */
  readonly family: number;
  /** A default route where absent. */
  readonly destination?: Uint8Array;
  /** That of a single address where absent. */
  readonly prefixLength?: number;
  /** Index of the link. */
  readonly link?: number;
  readonly gateway?: Uint8Array;
  /** The gateway counts as a neighbour on `link`, whatever the routes say. */
  readonly onlink?: boolean;
  /** Main where absent. */
  readonly table?: number;
  /** `RouteProtocol.boot` where absent, as in `ip`. */
  readonly protocol?: number;
  readonly scope?: number;
  /** Unicast where absent. */
  readonly type?: number;
  /** The metric. Where it is absent or 0, IPv6 makes it 1024. */
  readonly priority?: number;
  readonly preferredSource?: Uint8Array;
}

function message(route: Route): RouteMessage {
  const { destination } = route;
  return {
    family: route.family,
    destination,
    destinationLength: destination === undefined ? 0 : (route.prefixLength ?? fullLength(destination)),
    table: route.table ?? RouteTable.main,
    protocol: route.protocol ?? RouteProtocol.boot,
    scope: route.scope ?? RouteScope.universe,
    type: route.type ?? RouteType.unicast,
    flags: route.onlink === true ? RouteFlag.onlink : 0,
    gateway: route.gateway,
    link: route.link,
    priority: route.priority,
    preferredSource: route.preferredSource,
  };
}

function request(verb: string, route: Route, type: number, flags: number): Request {
  const { destination, destinationLength, table } = message(route);
  const to = destination === undefined ? 'default' : `${printAddress(destination)}/${destinationLength}`;
  const via = route.gateway === undefined ? '' : ` via ${printAddress(route.gateway)}`;
  const dev = route.link === undefined ? '' : ` dev ${route.link}`;
  const operation = `ip route ${verb} ${to}${via}${dev} table ${table}`;
  return { operation, type, flags, body: encodeRoute(message(route)) };
}

/** `ip route add …`; EEXIST where there is one to the destination with that metric (IPv6: that is the same besides) */
export function addRoute(route: Route): Request {
  return request('add', route, NEW_ROUTE, MessageFlag.create | MessageFlag.exclusive);
}

/** `ip route append …`: beside those to the same destination; EEXIST only where the very same is there */
export function appendRoute(route: Route): Request {
  return request('append', route, NEW_ROUTE, MessageFlag.create | MessageFlag.append);
}

/** `ip route replace …`: instead of the first to that destination with that metric, whoever made it */
export function replaceRoute(route: Route): Request {
  return request('replace', route, NEW_ROUTE, MessageFlag.create | MessageFlag.replace);
}

/** `ip route delete …`: the first that has everything that is said; ESRCH where none has. Say protocol and type. */
export function deleteRoute(route: Route): Request {
  return request('delete', route, DELETE_ROUTE, 0);
}

/** `ip route get fibmatch ADDRESS [oif LINK]`: the route that the kernel would take. ENETUNREACH, or another, where none. */
export function lookupRoute(address: Uint8Array, link?: number): Request<RouteMessage> {
  return {
    operation: `ip route get fibmatch ${printAddress(address)}`,
    type: GET_ROUTE,
    flags: 0,
    body: encodeRoute({
      family: familyOf(address),
      destination: address,
      destinationLength: fullLength(address),
      table: 0,
      protocol: 0,
      scope: 0,
      type: 0,
      flags: RouteFlag.fibMatch,
      link,
    }),
    decode: decodeRoute,
  };
}

export interface RouteFilter {
  readonly table?: number;
  readonly protocol?: number;
  /** Index of the link. */
  readonly link?: number;
}

/**
 * `ip route show table TABLE proto PROTOCOL dev LINK`, of one family. The kernel filters (strict check, Linux 4.20); an
 * older one sends all, so that they are filtered here again. A table that was never used is empty, and so is a family that the
 * kernel does not have.
 */
export async function listRoutes(
  socket: NetlinkSocket,
  family: number,
  filter: RouteFilter,
  signal?: AbortSignal,
): Promise<RouteMessage[]> {
  try {
    return await socket.dump(dumpRequest(family, filter), signal);
  } catch (error) {
    if (NetlinkError.is(error, 'ENOENT', 'EAFNOSUPPORT', 'EOPNOTSUPP')) return [];
    throw error;
  }
}

function dumpRequest(family: number, filter: RouteFilter): Request<RouteMessage | undefined> {
  const { table = 0, protocol = 0, link } = filter;
  return {
    operation: `ip ${family === AddressFamily.inet6 ? '-6 ' : ''}route show table ${table} proto ${protocol}`,
    type: GET_ROUTE,
    flags: 0,
    body: encodeRoute({ family, destinationLength: 0, table, protocol, scope: 0, type: 0, flags: 0, link }),
    decode: (body) => {
      const route = decodeRoute(body);
      return route.family === family &&
        (table === 0 || route.table === table) &&
        (protocol === 0 || route.protocol === protocol) &&
        (link === undefined || route.link === link)
        ? route
        : undefined;
    },
  };
}
