import type { LinkMessage } from '../netlink/link-codec.ts';
import { getLink } from '../netlink/links.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import type { NetlinkSocket } from '../netlink/netlink-socket.ts';
import type { Netns } from '../netlink/netns.ts';
import { getNetnsId } from '../netlink/netns-id.ts';
import type { LinkInfo } from './pod-network.ts';

/** The two namespaces that a Pod's veth pair joins, open for the length of one operation. */
export interface PairSides {
  /** A socket in the node's namespace. */
  readonly node: NetlinkSocket;
  readonly nodeNetns: Netns;
  /** A socket in the Pod's, opened when it is first asked for: that takes a fifth of a millisecond. */
  readonly pod: NetlinkSocket;
  readonly podNetns: Netns;
}

export interface VethPair {
  readonly host: LinkMessage;
  readonly container: LinkMessage;
}

/** Undefined where there is none of that name. @throws {NetlinkError} */
export async function findLink(
  socket: NetlinkSocket,
  name: string,
  signal: AbortSignal,
): Promise<LinkMessage | undefined> {
  try {
    return await socket.request(getLink(name), signal);
  } catch (error) {
    if (NetlinkError.is(error, 'ENODEV')) return undefined;
    throw error;
  }
}

/**
 * Whether the two are the ends of one veth pair. Indices alone do not tell, since every namespace has its own; the
 * host-side end names the other's namespace besides.
 */
export async function isPair(
  sides: Pick<PairSides, 'node' | 'podNetns'>,
  { host, container }: VethPair,
  signal: AbortSignal,
): Promise<boolean> {
  if (host.kind !== 'veth' || container.kind !== 'veth') return false;
  if (host.link !== container.index || container.link !== host.index) return false;
  const { id } = await sides.node.request(getNetnsId(sides.podNetns.fd), signal);
  return id !== undefined && id === host.linkNetnsId;
}

export function linkInfo(link: LinkMessage): LinkInfo {
  return {
    name: link.name ?? '',
    mac: Array.from(link.address ?? [], (byte) => byte.toString(16).padStart(2, '0')).join(':'),
    mtu: link.mtu ?? 0,
  };
}
