import {
  bytesAttribute,
  bytesOf,
  decodeAttributes,
  i32Attribute,
  nestedAttribute,
  nestedOf,
  textAttribute,
  textOf,
  u8Attribute,
  u8Of,
  u32Attribute,
  u32Of,
} from './attributes.ts';
import { concat, readI32, readU32, writeI32, writeU32 } from './native-bytes.ts';

/** net/if.h */
export const LinkFlag = { up: 0x1, loopback: 0x8, running: 0x40, lowerUp: 0x10000 } as const;

/** IFLA_INET6_ADDR_GEN_MODE, linux/if_link.h */
export const AddressGeneration = { eui64: 0, none: 1, stablePrivacy: 2, random: 3 } as const;

/** A link as in an RTM_NEWLINK, RTM_DELLINK or RTM_GETLINK message; what is absent is not in the message. */
export interface LinkMessage {
  /** 0 where the kernel is to choose, or to look for `name`. */
  readonly index: number;
  /** Bits of `LinkFlag`. */
  readonly flags: number;
  /** Which bits of `flags` are to be set or cleared. */
  readonly change: number;
  readonly name?: string | undefined;
  readonly mtu?: number | undefined;
  /** Hardware address, 6 bytes for Ethernet. */
  readonly address?: Uint8Array | undefined;
  /** At most 255 bytes. */
  readonly alias?: string | undefined;
  readonly group?: number | undefined;
  /** Index of a bridge, bond or vrf that the link belongs to. */
  readonly master?: number | undefined;
  /** Index of the lower device; of a veth, of its peer, in the namespace of `linkNetnsId`. */
  readonly link?: number | undefined;
  /** Absent where `link` is in the same namespace. */
  readonly linkNetnsId?: number | undefined;
  /** File descriptor of the namespace that the link is to be in. */
  readonly netnsFd?: number | undefined;
  /** How many queues it can have, in each direction; what the kernel chooses depends on the kind of link. */
  readonly txQueues?: number | undefined;
  readonly rxQueues?: number | undefined;
  /** E.g. `veth`. */
  readonly kind?: string | undefined;
  /** The other end of a veth that is to be made. */
  readonly peer?: LinkMessage | undefined;
  /** One of `AddressGeneration`. */
  readonly addressGeneration?: number | undefined;
}

// IFLA_*, linux/if_link.h
const ADDRESS = 1;
const NAME = 3;
const MTU = 4;
const LINK = 5;
const MASTER = 10;
const LINK_INFO = 18;
const ALIAS = 20;
const AF_SPEC = 26;
const GROUP = 27;
const NETNS_FD = 28;
const TX_QUEUES = 31;
const RX_QUEUES = 32;
const LINK_NETNS_ID = 37;

const INFO_KIND = 1;
const INFO_DATA = 2;
const VETH_PEER = 1;
const AF_INET6 = 10;
const INET6_ADDR_GEN_MODE = 8;

/** struct ifinfomsg: u8 family, u8, u16 type, i32 index, u32 flags, u32 change */
const HEADER = 16;

export function encodeLink(link: LinkMessage): Uint8Array {
  const header = new Uint8Array(HEADER);
  writeI32(header, 4, link.index);
  writeU32(header, 8, link.flags);
  writeU32(header, 12, link.change);
  const parts: Uint8Array[] = [header];
  if (link.name !== undefined) parts.push(textAttribute(NAME, link.name));
  if (link.mtu !== undefined) parts.push(u32Attribute(MTU, link.mtu));
  if (link.address !== undefined) parts.push(bytesAttribute(ADDRESS, link.address));
  if (link.alias !== undefined) parts.push(textAttribute(ALIAS, link.alias));
  if (link.group !== undefined) parts.push(u32Attribute(GROUP, link.group));
  if (link.master !== undefined) parts.push(u32Attribute(MASTER, link.master));
  if (link.link !== undefined) parts.push(u32Attribute(LINK, link.link));
  if (link.linkNetnsId !== undefined) parts.push(i32Attribute(LINK_NETNS_ID, link.linkNetnsId));
  if (link.netnsFd !== undefined) parts.push(u32Attribute(NETNS_FD, link.netnsFd));
  if (link.txQueues !== undefined) parts.push(u32Attribute(TX_QUEUES, link.txQueues));
  if (link.rxQueues !== undefined) parts.push(u32Attribute(RX_QUEUES, link.rxQueues));
  if (link.kind !== undefined) parts.push(nestedAttribute(LINK_INFO, encodeInfo(link.kind, link.peer)));
  if (link.addressGeneration !== undefined) {
    const mode = u8Attribute(INET6_ADDR_GEN_MODE, link.addressGeneration);
    parts.push(nestedAttribute(AF_SPEC, [nestedAttribute(AF_INET6, [mode])]));
  }
  return concat(parts);
}

function encodeInfo(kind: string, peer: LinkMessage | undefined): Uint8Array[] {
  const members = [textAttribute(INFO_KIND, kind)];
  if (peer !== undefined) {
    members.push(nestedAttribute(INFO_DATA, [bytesAttribute(VETH_PEER, encodeLink(peer))]));
  }
  return members;
}

/** @throws {NetlinkError} EBADMSG */
export function decodeLink(body: Uint8Array): LinkMessage {
  const attributes = decodeAttributes(body, HEADER);
  const linkNetnsId = attributes.get(LINK_NETNS_ID);
  const info = nestedOf(attributes, LINK_INFO);
  const kind = info && textOf(info, INFO_KIND);
  // other kinds give their own meaning to the same attribute number
  const peer = kind === 'veth' ? nestedOf(info!, INFO_DATA)?.get(VETH_PEER) : undefined;
  const families = nestedOf(attributes, AF_SPEC);
  const inet6 = families && nestedOf(families, AF_INET6);
  return {
    index: readI32(body, 4),
    flags: readU32(body, 8),
    change: readU32(body, 12),
    name: textOf(attributes, NAME),
    mtu: u32Of(attributes, MTU),
    address: bytesOf(attributes, ADDRESS),
    alias: textOf(attributes, ALIAS),
    group: u32Of(attributes, GROUP),
    master: u32Of(attributes, MASTER),
    link: u32Of(attributes, LINK),
    linkNetnsId: linkNetnsId && readI32(linkNetnsId),
    netnsFd: u32Of(attributes, NETNS_FD),
    txQueues: u32Of(attributes, TX_QUEUES),
    rxQueues: u32Of(attributes, RX_QUEUES),
    kind,
    peer: peer && decodeLink(peer),
    addressGeneration: inet6 && u8Of(inet6, INET6_ADDR_GEN_MODE),
  };
}
