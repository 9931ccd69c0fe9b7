import { type AddressMessage, decodeAddress } from './address-codec.ts';
import { AddressFamily } from './address-family.ts';
import { decodeLink, type LinkMessage } from './link-codec.ts';
import { type Message, MessageFlag } from './message.ts';
import { readU8 } from './native-bytes.ts';
import { decodeRoute, type RouteMessage } from './route-codec.ts';

/** What the kernel tells those who listen of a link, an address or a route that was made, changed or deleted. */
export type Announcement =
  | { readonly kind: 'link'; readonly gone: boolean; readonly link: LinkMessage }
  | { readonly kind: 'address'; readonly gone: boolean; readonly address: AddressMessage }
  | {
      readonly kind: 'route';
      readonly gone: boolean;
      /** It stands where another route stood, of which nothing more is said. */
      readonly replaced: boolean;
      readonly route: RouteMessage;
    };

// RTM_*, linux/rtnetlink.h
const NEW_LINK = 16;
const DELETE_LINK = 17;
const NEW_ADDRESS = 20;
const DELETE_ADDRESS = 21;
const NEW_ROUTE = 24;
const DELETE_ROUTE = 25;

/** Undefined for what is none of these; so is a link that joins or leaves a bridge (PF_BRIDGE). @throws {NetlinkError} EBADMSG */
export function decodeAnnouncement({ type, flags, body }: Message): Announcement | undefined {
  switch (type) {
    case NEW_LINK:
    case DELETE_LINK:
      if (readU8(body) !== AddressFamily.unspecified) return undefined;
      return { kind: 'link', gone: type === DELETE_LINK, link: decodeLink(body) };
    case NEW_ADDRESS:
    case DELETE_ADDRESS:
      return { kind: 'address', gone: type === DELETE_ADDRESS, address: decodeAddress(body) };
    case NEW_ROUTE:
    case DELETE_ROUTE: {
      const gone = type === DELETE_ROUTE;
      const replaced = !gone && (flags & MessageFlag.replace) !== 0;
      return { kind: 'route', gone, replaced, route: decodeRoute(body) };
    }
    default:
      return undefined;
  }
}
