import { bytesAttribute, bytesOf, decodeAttributes, textAttribute, textOf, u32Attribute, u32Of } from './attributes.ts';
import { concat, readU8, readU32, writeU32 } from './native-bytes.ts';

/** IFA_F_*, linux/if_addr.h */
export const AddressFlag = {
  noDad: 0x02,
  dadFailed: 0x08,
  tentative: 0x40,
  permanent: 0x80,
  noPrefixRoute: 0x200,
} as const;

/** An address of a link, as in an RTM_NEWADDR, RTM_DELADDR or RTM_GETADDR message. */
export interface AddressMessage {
  /** One of `AddressFamily`. */
  readonly family: number;
  readonly prefixLength: number;
  /** Index of the link. */
  readonly link: number;
  /** One of `RouteScope`. */
  readonly scope: number;
  /** Bits of `AddressFlag`. */
  readonly flags: number;
  /** The address itself, 4 or 16 bytes. */
  readonly local?: Uint8Array | undefined;
  /** The other end of a point-to-point link; the same as `local` elsewhere. */
  readonly address?: Uint8Array | undefined;
  readonly label?: string | undefined;
}

// IFA_*, linux/if_addr.h
const ADDRESS = 1;
const LOCAL = 2;
const LABEL = 3;
const FLAGS = 8;

/** struct ifaddrmsg: u8 family, u8 prefix length, u8 flags, u8 scope, u32 index */
const HEADER = 8;

export function encodeAddress(message: AddressMessage): Uint8Array {
  const header = Uint8Array.of(message.family, message.prefixLength, message.flags & 0xff, message.scope, 0, 0, 0, 0);
  writeU32(header, 4, message.link);
  const parts: Uint8Array[] = [header];
  if (message.local !== undefined) parts.push(bytesAttribute(LOCAL, message.local));
  if (message.address !== undefined) parts.push(bytesAttribute(ADDRESS, message.address));
  if (message.label !== undefined) parts.push(textAttribute(LABEL, message.label));
  // the header holds eight of the flags only
  parts.push(u32Attribute(FLAGS, message.flags));
  return concat(parts);
}

/** @throws {NetlinkError} EBADMSG */
export function decodeAddress(body: Uint8Array): AddressMessage {
  const attributes = decodeAttributes(body, HEADER);
  return {
    family: readU8(body, 0),
    prefixLength: readU8(body, 1),
    link: readU32(body, 4),
    scope: readU8(body, 3),
    flags: u32Of(attributes, FLAGS) ?? readU8(body, 2),
    local: bytesOf(attributes, LOCAL),
    address: bytesOf(attributes, ADDRESS),
    label: textOf(attributes, LABEL),
  };
}
