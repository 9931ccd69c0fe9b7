import { CoilError } from '../model/error.ts';
import { addAddress } from '../netlink/addresses.ts';
import { AddressGeneration, type LinkMessage } from '../netlink/link-codec.ts';
import { addVethPair, deleteLink, getLink, setLink } from '../netlink/links.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import { requireSuccess, unwrap } from '../netlink/request.ts';
import { addRoute, replaceRoute } from '../netlink/routes.ts';
import { enableIpv6 } from './enable-ipv6.ts';
import { ipv6Ready } from './ipv6-ready.ts';
import { ownerAlias } from './owner-alias.ts';
import { containerLayout, hostLayout } from './pod-layout.ts';
import type { AttachedLinks, Attachment } from './pod-network.ts';
import { linkInfo, type PairSides } from './veth-pair.ts';

/**
 * Makes a Pod's veth pair with all that belongs to it, in as few messages as can be, and no dump. Where it fails,
 * nothing is left. Undefined, and nothing changed, where one of the two names is taken.
 * @throws {NetlinkError}; the signal's reason
 */
export async function createPair(
  sides: PairSides,
  attachment: Attachment,
  signal: AbortSignal,
): Promise<AttachedLinks | undefined> {
  const { hostIfname: name, ifname } = attachment;
  const pair = addVethPair({ name, up: true, peer: { name: ifname, netnsFd: sides.podNetns.fd } });
  const [added, got] = await sides.node.batch([pair, getLink(name)], signal);
  if (NetlinkError.is(added.error, 'EEXIST')) return undefined;
  unwrap(added);
  try {
    return await setUp(sides, attachment, unwrap(got), signal);
  } catch (error) {
    // with one end goes the other, and the addresses and routes of both
    await undo(sides, got.value?.index ?? name, error);
    throw error;
  }
}

async function setUp(
  sides: PairSides,
  attachment: Attachment,
  host: LinkMessage,
  signal: AbortSignal,
): Promise<AttachedLinks> {
  // of a veth, the index that the peer has in its own namespace
  const peer = host.link ?? 0;
  const ipv6 = attachment.addresses.some(({ family }) => family === 6);
  if (ipv6) {
    enableIpv6(sides.nodeNetns, attachment.hostIfname);
    enableIpv6(sides.podNetns, attachment.ifname);
  }
  await setUpHost(sides, attachment, host.index, signal);
  const container = await setUpContainer(sides, attachment, peer, signal);
  // The end that was up first transmits only after the kernel has noticed, later, that the other came up. To ask for
  // the link makes it notice now (rtnl_getlink, linkwatch_sync_dev), so that the Pod's first packet is answered.
  const ready = await sides.node.request(getLink(host.index), signal);
  if (ipv6) await ipv6Ready(sides, { host: host.index, container: peer }, attachment.addresses, signal);
  return { host: linkInfo(ready), container: linkInfo(container) };
}

async function setUpHost(sides: PairSides, attachment: Attachment, link: number, signal: AbortSignal): Promise<void> {
  const layout = hostLayout(link, attachment.addresses);
  // no address of its own making: the gateway's is all it needs. That must be said before the other end is up.
  const addressGeneration = AddressGeneration.none;
  const ipv6 = attachment.addresses.some(({ family }) => family === 6);
  const alias = ownerAlias(attachment.containerId, attachment.ifname);
  requireSuccess(
    await sides.node.batch(
      [
        setLink(link, ipv6 ? { alias, addressGeneration } : { alias }),
        ...layout.addresses.map(addAddress),
        // an address that was just allocated is nobody else's: a route to it is of a Pod that was not taken down well
        ...layout.routes.map(replaceRoute),
      ],
      signal,
    ),
  );
}

async function setUpContainer(
  sides: PairSides,
  attachment: Attachment,
  link: number,
  signal: AbortSignal,
): Promise<LinkMessage> {
  const layout = containerLayout(link, attachment.addresses);
  const [loopbackUp, linkUp, got, ...rest] = await sides.pod.batch(
    [
      setLink('lo', { up: true }),
      setLink(link, { up: true }),
      // to ask for it here makes the kernel take note of its carrier at once, as above for the other end
      getLink(link),
      ...layout.addresses.map(addAddress),
      ...layout.routes.map(addRoute),
    ],
    signal,
  );
  requireSuccess([loopbackUp, linkUp, ...rest]);
  return unwrap(got);
}

async function undo(sides: PairSides, link: number | string, reason: unknown): Promise<void> {
  const [{ error }] = await sides.node.batch([deleteLink(link)]);
  if (error === undefined || NetlinkError.is(error, 'ENODEV')) return;
  const message = `${(reason as Error).message}; and what was made could not be deleted: ${error.message}`;
  throw new CoilError('network', message, { cause: new AggregateError([reason, error]) });
}
