import { decodeLink, encodeLink, LinkFlag, type LinkMessage } from './link-codec.ts';
import { MessageFlag } from './message.ts';
import type { Request } from './request.ts';

// RTM_*, linux/rtnetlink.h
const NEW_LINK = 16;
const DELETE_LINK = 17;
const GET_LINK = 18;

const BLANK = { index: 0, flags: 0, change: 0 } as const;

/** A link by its index, or by its name. */
export type LinkSelector = number | string;

function select(link: LinkSelector): LinkMessage {
  return typeof link === 'number' ? { ...BLANK, index: link } : { ...BLANK, name: link };
}

/** `ip link show dev LINK`; fails with ENODEV where there is none */
export function getLink(link: LinkSelector): Request<LinkMessage> {
  return {
    operation: `ip link show dev ${link}`,
    type: GET_LINK,
    flags: 0,
    body: encodeLink(select(link)),
    decode: decodeLink,
  };
}

/** `ip link show`; to be dumped */
export function listLinks(): Request<LinkMessage> {
  return { operation: 'ip link show', type: GET_LINK, flags: 0, body: encodeLink(BLANK), decode: decodeLink };
}

export interface VethPair {
  readonly name: string;
  /** Whether `name` is brought up in the same step. The peer cannot be: it has no peer yet (ENOTCONN). */
  readonly up?: boolean;
  readonly mtu?: number;
  /** How many queues each end can have in each direction; by default one per processor, of which one is used (veth_newlink). */
  readonly queues?: number;
  readonly peer: { readonly name: string; readonly netnsFd: number; readonly mtu?: number };
}

/** `ip link add NAME type veth peer name PEER netns NETNS`; EEXIST where either name is taken */
export function addVethPair(pair: VethPair): Request {
  const up = pair.up === true ? LinkFlag.up : 0;
  const queues = { txQueues: pair.queues, rxQueues: pair.queues };
  return {
    operation: `ip link add ${pair.name} type veth peer name ${pair.peer.name}`,
    type: NEW_LINK,
    flags: MessageFlag.create | MessageFlag.exclusive,
    body: encodeLink({
      index: 0,
      flags: up,
      change: up,
      name: pair.name,
      mtu: pair.mtu,
      kind: 'veth',
      ...queues,
      peer: { ...BLANK, ...queues, ...pair.peer },
    }),
  };
}

export interface LinkChanges {
  readonly up?: boolean;
  readonly alias?: string;
  readonly mtu?: number;
  readonly group?: number;
  /** Only for a link that is selected by its index; it must be down for that. */
  readonly name?: string;
  /** One of `AddressGeneration`. */
  readonly addressGeneration?: number;
}

/** `ip link set dev LINK …` */
export function setLink(link: LinkSelector, changes: LinkChanges): Request {
  const { up, ...attributes } = changes;
  return {
    operation: `ip link set dev ${link} ${Object.keys(changes).join(' ')}`,
    type: NEW_LINK,
    flags: 0,
    body: encodeLink({
      ...select(link),
      ...attributes,
      flags: up === true ? LinkFlag.up : 0,
      change: up === undefined ? 0 : LinkFlag.up,
    }),
  };
}

/** `ip link delete dev LINK`; waits 10 to 30 ms for RCU where it is a veth */
export function deleteLink(link: LinkSelector): Request {
  return { operation: `ip link delete dev ${link}`, type: DELETE_LINK, flags: 0, body: encodeLink(select(link)) };
}

/** `ip link delete group GROUP`: all share one wait for RCU. ENODEV where the group is empty. Never group 0. */
export function deleteLinkGroup(group: number): Request {
  if (group === 0) throw new RangeError('every link that was put into no group is in group 0');
  return {
    operation: `ip link delete group ${group}`,
    type: DELETE_LINK,
    flags: 0,
    body: encodeLink({ ...BLANK, group }),
  };
}
