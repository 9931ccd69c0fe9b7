import { AddressGeneration, type LinkMessage } from '../netlink/link-codec.ts';
import { setLink } from '../netlink/links.ts';
import { ownerAlias } from './owner-alias.ts';
import { containerLayout, hostLayout } from './pod-layout.ts';
import type { Attachment } from './pod-network.ts';
import { type Difference, sideDifferences } from './side-state.ts';
import type { PairSides, VethPair } from './veth-pair.ts';

export interface PairDifferences {
  readonly host: readonly Difference[];
  readonly container: readonly Difference[];
}

/** Of a host-side link that is not marked as this attachment's. One without a mark was made by v1, or not to its end. */
export function ownerDifferences(host: LinkMessage, { containerId, ifname }: Attachment): Difference[] {
  const alias = ownerAlias(containerId, ifname);
  if (host.alias === alias) return [];
  const owner = host.alias === undefined ? 'has no owner' : `belongs to ${host.alias}`;
  return [{ part: 'link', what: `the link ${owner}`, fix: setLink(host.index, { alias }) }];
}

/** What of an attachment that is there is not as it should be, the mark apart. Reads only. @throws {NetlinkError} */
export async function pairDifferences(
  sides: PairSides,
  { host, container }: VethPair,
  { addresses, ifname }: Attachment,
  signal: AbortSignal,
): Promise<PairDifferences> {
  const ipv6 = addresses.some(({ family }) => family === 6);
  const addressGeneration = AddressGeneration.none;
  const generates = ipv6 && host.addressGeneration !== addressGeneration;
  return {
    host: [
      ...(generates
        ? [
            {
              part: 'link' as const,
              what: 'the link makes itself IPv6 addresses',
              fix: setLink(host.index, { addressGeneration }),
            },
          ]
        : []),
      ...(await sideDifferences(sides.node, host, hostLayout(host.index, addresses), signal)),
    ],
    container: [
      ...(await sideDifferences(
        sides.pod,
        container,
        containerLayout({ index: container.index, ifname }, addresses),
        signal,
      )),
    ],
  };
}
