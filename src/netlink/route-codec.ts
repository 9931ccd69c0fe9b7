import { bytesAttribute, bytesOf, decodeAttributes, u32Attribute, u32Of } from './attributes.ts';
import { concat, readU8, readU32, writeU32 } from './native-bytes.ts';

// linux/rtnetlink.h
export const RouteScope = { universe: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;
export const RouteType = { unspecified: 0, unicast: 1, local: 2, broadcast: 3, blackhole: 6, unreachable: 7 } as const;
export const RouteTable = { unspecified: 0, main: 254, local: 255 } as const;
export const RouteProtocol = { unspecified: 0, kernel: 2, boot: 3, static: 4 } as const;
/** RTNH_F_* and RTM_F_* */
export const RouteFlag = { onlink: 0x4, linkDown: 0x10, fibMatch: 0x2000 } as const;

/** A route as in an RTM_NEWROUTE, RTM_DELROUTE or RTM_GETROUTE message; of several next hops nothing is said. */
export interface RouteMessage {
  /** One of `AddressFamily`. */
  readonly family: number;
  /** 0 and no `destination` for a default route. */
  readonly destinationLength: number;
  readonly destination?: Uint8Array | undefined;
  readonly table: number;
  readonly protocol: number;
  readonly scope: number;
  readonly type: number;
  readonly flags: number;
  readonly gateway?: Uint8Array | undefined;
  /** Index of the link that it leads to. */
  readonly link?: number | undefined;
  /** The metric; of two routes to one destination the lower counts. */
  readonly priority?: number | undefined;
  readonly preferredSource?: Uint8Array | undefined;
}

// RTA_*, linux/rtnetlink.h
const DESTINATION = 1;
const OUTPUT_LINK = 4;
const GATEWAY = 5;
const PRIORITY = 6;
const PREFERRED_SOURCE = 7;
const TABLE = 15;

/** struct rtmsg: u8 family, dst_len, src_len, tos, table, protocol, scope, type; u32 flags */
const HEADER = 12;

export function encodeRoute(route: RouteMessage): Uint8Array {
  const header = new Uint8Array(HEADER);
  header.set([route.family, route.destinationLength, 0, 0, tableByte(route.table)]);
  header.set([route.protocol, route.scope, route.type], 5);
  writeU32(header, 8, route.flags);
  const parts: Uint8Array[] = [header];
  if (route.destination !== undefined) parts.push(bytesAttribute(DESTINATION, route.destination));
  if (route.link !== undefined) parts.push(u32Attribute(OUTPUT_LINK, route.link));
  if (route.gateway !== undefined) parts.push(bytesAttribute(GATEWAY, route.gateway));
  if (route.priority !== undefined) parts.push(u32Attribute(PRIORITY, route.priority));
  if (route.preferredSource !== undefined) parts.push(bytesAttribute(PREFERRED_SOURCE, route.preferredSource));
  if (route.table !== 0) parts.push(u32Attribute(TABLE, route.table));
  return concat(parts);
}

/** Table numbers above 255 stand in the attribute only. */
export function tableByte(table: number): number {
  return table > 255 ? 0 : table;
}

/** @throws {NetlinkError} EBADMSG */
export function decodeRoute(body: Uint8Array): RouteMessage {
  const attributes = decodeAttributes(body, HEADER);
  return {
    family: readU8(body, 0),
    destinationLength: readU8(body, 1),
    destination: bytesOf(attributes, DESTINATION),
    table: u32Of(attributes, TABLE) ?? readU8(body, 4),
    protocol: readU8(body, 5),
    scope: readU8(body, 6),
    type: readU8(body, 7),
    flags: readU32(body, 8),
    gateway: bytesOf(attributes, GATEWAY),
    link: u32Of(attributes, OUTPUT_LINK),
    priority: u32Of(attributes, PRIORITY),
    preferredSource: bytesOf(attributes, PREFERRED_SOURCE),
  };
}
