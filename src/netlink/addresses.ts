import { type AddressMessage, decodeAddress, encodeAddress } from './address-codec.ts';
import { AddressFamily, familyOf, fullLength, printAddress } from './address-family.ts';
import { MessageFlag } from './message.ts';
import type { Request } from './request.ts';
import { RouteScope } from './route-codec.ts';

// RTM_*, linux/rtnetlink.h
const NEW_ADDRESS = 20;
const DELETE_ADDRESS = 21;
const GET_ADDRESS = 22;

export interface LinkAddress {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** /32 or /128 where absent. */
  readonly prefixLength?: number;
  /** Index of the link. */
  readonly link: number;
  /** One of `RouteScope`; universe where absent. The kernel works that of IPv6 out by itself. */
  readonly scope?: number;
  /** Bits of `AddressFlag`. */
  readonly flags?: number;
}

function message(address: LinkAddress): AddressMessage {
  return {
    family: familyOf(address.address),
    prefixLength: address.prefixLength ?? fullLength(address.address),
    link: address.link,
    scope: address.scope ?? RouteScope.universe,
    flags: address.flags ?? 0,
    local: address.address,
    address: address.address,
  };
}

function print(verb: string, { address, link, prefixLength }: LinkAddress): string {
  return `ip address ${verb} ${printAddress(address)}/${prefixLength ?? fullLength(address)} dev ${link}`;
}

/** `ip address add ADDRESS/LENGTH dev LINK`; EEXIST where it is there */
export function addAddress(address: LinkAddress): Request {
  return {
    operation: print('add', address),
    type: NEW_ADDRESS,
    flags: MessageFlag.create | MessageFlag.exclusive,
    body: encodeAddress(message(address)),
  };
}

/** `ip address delete ADDRESS/LENGTH dev LINK`; EADDRNOTAVAIL where it is not there */
export function deleteAddress(address: LinkAddress): Request {
  return { operation: print('delete', address), type: DELETE_ADDRESS, flags: 0, body: encodeAddress(message(address)) };
}

/** `ip address show [dev LINK]`; to be dumped. The kernel looks at that link only (strict check, Linux 4.20). */
export function listAddresses(link = 0): Request<AddressMessage | undefined> {
  return {
    operation: link === 0 ? 'ip address show' : `ip address show dev ${link}`,
    type: GET_ADDRESS,
    flags: 0,
    body: encodeAddress({ family: AddressFamily.unspecified, prefixLength: 0, link, scope: 0, flags: 0 }).subarray(
      0,
      8,
    ),
    decode: (body) => {
      const address = decodeAddress(body);
      return link === 0 || address.link === link ? address : undefined;
    },
  };
}
