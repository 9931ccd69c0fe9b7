import { AddressGeneration } from '../netlink/link-codec.ts';
import { getLink, setLink } from '../netlink/links.ts';
import { ownerAlias } from './owner-alias.ts';
import { containerLayout, hostLayout } from './pod-layout.ts';
import type { Attachment } from './pod-network.ts';
import { type Difference, linkDown, sideDifferences } from './side-state.ts';
import type { PairSides, VethPair } from './veth-pair.ts';

export interface PairDifferences {
  readonly host: readonly Difference[];
  readonly container: readonly Difference[];
}

/** What of an attachment that is there is not as it should be. Reads only. @throws {NetlinkError} */
export async function pairDifferences(
  sides: PairSides,
  { host, container }: VethPair,
  { addresses, containerId, ifname }: Attachment,
  signal: AbortSignal,
): Promise<PairDifferences> {
  const ipv6 = addresses.some(({ family }) => family === 6);
  const addressGeneration = AddressGeneration.none;
  const generates = ipv6 && host.addressGeneration !== addressGeneration;
  const alias = ownerAlias(containerId, ifname);
  const owner = host.alias === undefined ? 'has no owner' : `belongs to ${host.alias}`;
  const loopback = await sides.pod.request(getLink('lo'), signal);
  return {
    host: [
      ...(host.alias === alias ? [] : [{ what: `the link ${owner}`, fix: setLink(host.index, { alias }) }]),
      ...(generates
        ? [{ what: 'the link makes itself IPv6 addresses', fix: setLink(host.index, { addressGeneration }) }]
        : []),
      ...(await sideDifferences(sides.node, host, hostLayout(host.index, addresses), signal)),
    ],
    container: [
      ...linkDown(loopback),
      ...(await sideDifferences(
        sides.pod,
        container,
        containerLayout({ index: container.index, ifname }, addresses),
        signal,
      )),
    ],
  };
}
