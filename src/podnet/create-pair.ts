import { CoilError } from '../model/error.ts';
import type { IpAddress } from '../model/ip-address.ts';
import { addAddress } from '../netlink/addresses.ts';
import { AddressGeneration, type LinkMessage } from '../netlink/link-codec.ts';
import { addVethPair, deleteLink, getLink, setLink } from '../netlink/links.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import { requireSuccess, unwrap } from '../netlink/request.ts';
import { addRoute, replaceRoute } from '../netlink/routes.ts';
import { enableIpv6 } from './enable-ipv6.ts';
import { ipv6Ready } from './ipv6-ready.ts';
import { requireNotLive } from './live-address.ts';
import { ownerAlias } from './owner-alias.ts';
import { containerLayout, hostLayout } from './pod-layout.ts';
import type { AttachedLinks, Attachment } from './pod-network.ts';
import { linkInfo, type PairSides } from './veth-pair.ts';

/** An attachment whose addresses are on their way. */
export interface ComingAttachment extends Omit<Attachment, 'addresses'> {
  readonly addresses: Promise<readonly IpAddress[]>;
}

/**
 * Makes a Pod's veth pair with all that belongs to it, in as few messages as can be, and no dump. The pair itself is
 * made while the addresses are still on their way. Where it fails, nothing is left. Undefined, and nothing changed,
 * where one of the two names is taken.
 * @throws {NetlinkError}; the signal's reason; what `addresses` rejects with
 */
export async function createPair(
  sides: PairSides,
  attachment: ComingAttachment,
  signal: AbortSignal,
): Promise<AttachedLinks | undefined> {
  const { hostIfname: name, ifname } = attachment;
  // More queues than one the kernel would enter in sysfs, and take out again, under its lock of all links.
  const pair = addVethPair({ name, up: true, queues: 1, peer: { name: ifname, netnsFd: sides.podNetns.fd } });
  const adding = sides.node.batch([pair, getLink(name)], signal);
  // meanwhile
  const opening = (async () => sides.pod)();
  opening.catch(() => undefined);
  const [added, got] = await adding;
  if (NetlinkError.is(added.error, 'EEXIST')) return undefined;
  unwrap(added);
  try {
    const pod = await opening;
    const addresses = await attachment.addresses;
    return await setUp({ ...sides, pod }, { ...attachment, addresses }, unwrap(got), signal);
  } catch (error) {
    // with one end goes the other, and the addresses and routes of both
    await undo(sides, got.value?.index ?? name, error);
    throw error;
  }
}

async function setUp(
  sides: PairSides,
  attachment: Attachment,
  { index, link }: LinkMessage,
  signal: AbortSignal,
): Promise<AttachedLinks> {
  // of a veth, the index that the peer has in its own namespace
  const peer = link ?? 0;
  const ipv6 = attachment.addresses.some(({ family }) => family === 6);
  if (ipv6) {
    enableIpv6(sides.nodeNetns, attachment.hostIfname);
    enableIpv6(sides.podNetns, attachment.ifname);
    // The host's end makes no address of its own, the gateway's is all it needs. That must be said before it has a
    // carrier, that is before the other end is up.
    await sides.node.request(setLink(index, { addressGeneration: AddressGeneration.none }), signal);
  }
  const container = await setUpContainer(sides, attachment, peer, signal);
  const host = await setUpHost(sides, attachment, index, signal);
  if (ipv6) await ipv6Ready(sides, { host: index, container: peer }, attachment.addresses, signal);
  return { host: linkInfo(host), container: linkInfo(container) };
}

async function setUpHost(
  sides: PairSides,
  attachment: Attachment,
  link: number,
  signal: AbortSignal,
): Promise<LinkMessage> {
  const layout = hostLayout(link, attachment.addresses);
  const [got, ...rest] = await sides.node.batch(
    [
      // The end that was up first transmits only after the kernel has noticed, later, that the other came up. To ask for
      // the link makes it notice now (rtnl_getlink, linkwatch_sync_dev), so that the Pod's first packet is answered.
      getLink(link),
      setLink(link, { alias: ownerAlias(attachment.containerId, attachment.ifname) }),
      ...layout.addresses.map(addAddress),
      ...layout.routes.map(addRoute),
    ],
    signal,
  );
  const added = rest.splice(rest.length - layout.routes.length);
  requireSuccess(rest);
  const taken = layout.routes.filter((_, i) => NetlinkError.is(added[i]!.error, 'EEXIST'));
  requireSuccess(added.filter(({ error }) => !NetlinkError.is(error, 'EEXIST')));
  if (taken.length > 0) {
    await requireNotLive(sides.node, taken, signal);
    requireSuccess(await sides.node.batch(taken.map(replaceRoute), signal));
  }
  return unwrap(got);
}

async function setUpContainer(
  sides: PairSides,
  attachment: Attachment,
  link: number,
  signal: AbortSignal,
): Promise<LinkMessage> {
  const layout = containerLayout({ index: link, ifname: attachment.ifname }, attachment.addresses);
  const [linkUp, got, ...rest] = await sides.pod.batch(
    [
      setLink(link, { up: true }),
      // to ask for it here makes the kernel take note of its carrier at once, as above for the other end
      getLink(link),
      ...layout.addresses.map(addAddress),
      ...layout.routes.map(addRoute),
    ],
    signal,
  );
  requireSuccess([linkUp, ...rest]);
  return unwrap(got);
}

async function undo(sides: PairSides, link: number | string, reason: unknown): Promise<void> {
  const [{ error }] = await sides.node.batch([deleteLink(link)]);
  if (error === undefined || NetlinkError.is(error, 'ENODEV')) return;
  const message = `${(reason as Error).message}; and what was made could not be deleted: ${error.message}`;
  throw new CoilError('network', message, { cause: new AggregateError([reason, error]) });
}
