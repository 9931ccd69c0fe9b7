import { CoilError } from '../model/error.ts';
import { requireSuccess } from '../netlink/request.ts';
import { enableIpv6 } from './enable-ipv6.ts';
import { ipv6Ready } from './ipv6-ready.ts';
import type { LinkRemoval } from './link-removal.ts';
import { requireNotLive } from './live-address.ts';
import { ownerAlias } from './owner-alias.ts';
import { ownerDifferences, pairDifferences } from './pair-differences.ts';
import { hostLayout } from './pod-layout.ts';
import type { AttachedLinks, Attachment, AttachRequest } from './pod-network.ts';
import { findLink, isPair, linkInfo, type PairSides, type VethPair } from './veth-pair.ts';

/**
 * For an attachment of whose two names one is taken: where the pair is this very attachment's, puts right what is not,
 * and returns it; a live Pod of v1's keeps its link that way. A left-over host-side link is deleted, and then, as where
 * the names are free by now, undefined says to try anew.
 * @throws {CoilError} link-exists, and what `requireLeftOver` throws, and nothing is changed then; {NetlinkError}; the
 *   signal's reason
 */
export async function adoptPair(
  sides: PairSides,
  removal: LinkRemoval,
  attachment: Attachment & Pick<AttachRequest, 'requireLeftOver'>,
  signal: AbortSignal,
): Promise<AttachedLinks | undefined> {
  const { containerId, hostIfname, ifname, netns } = attachment;
  const host = await findLink(sides.node, hostIfname, signal);
  const container = await findLink(sides.pod, ifname, signal);
  const pair = host !== undefined && container !== undefined ? { host, container } : undefined;
  const joined = pair !== undefined && (await isPair(sides, pair, signal));
  if (container !== undefined && !joined) {
    const message = `${netns} has an interface ${ifname} already, which does not lead to ${hostIfname}`;
    throw new CoilError('link-exists', message);
  }
  if (host === undefined) return undefined;
  // without an owner it was made by v1, or by an attach that was killed; leading into this Pod, it is this Pod's
  const owned = host.alias === undefined || host.alias === ownerAlias(containerId, ifname);
  if (joined && owned) return await repair(sides, pair, attachment, signal);
  attachment.requireLeftOver?.();
  await removal.remove({ name: hostIfname, index: host.index });
  return undefined;
}

async function repair(
  sides: PairSides,
  pair: VethPair,
  attachment: Attachment,
  signal: AbortSignal,
): Promise<AttachedLinks> {
  const { addresses, hostIfname, ifname } = attachment;
  const ipv6 = addresses.some(({ family }) => family === 6);
  if (ipv6) {
    enableIpv6(sides.nodeNetns, hostIfname);
    enableIpv6(sides.podNetns, ifname);
  }
  const { host, container } = await pairDifferences(sides, pair, attachment, signal);
  const onHost = [...ownerDifferences(pair.host, attachment), ...host];
  if (host.length > 0) await requireNotLive(sides.node, hostLayout(pair.host.index, addresses).routes, signal);
  if (onHost.length > 0) requireSuccess(await sides.node.batch(onHost.map(({ fix }) => fix)));
  if (container.length > 0) requireSuccess(await sides.pod.batch(container.map(({ fix }) => fix)));
  if (ipv6) {
    const indices = { host: pair.host.index, container: pair.container.index };
    await ipv6Ready(sides, indices, addresses, signal);
  }
  return { host: linkInfo(pair.host), container: linkInfo(pair.container) };
}
