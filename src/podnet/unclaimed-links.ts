import type { AddressClaim, MarkedLink } from './attachment-links.ts';
import { ownerAlias } from './owner-alias.ts';

/** Of each link the addresses that no claim lets its owner have; links without such ones are left out. */
export function unclaimedLinks(links: readonly MarkedLink[], claims: readonly AddressClaim[]): readonly MarkedLink[] {
  const claimed = Map.groupBy(claims, ({ address }) => String(address));
  return links.flatMap(({ addresses, ...link }) => {
    const isTheirs = (address: unknown) => claimed.get(String(address))?.some((claim) => isOf(link.owner, claim));
    const unclaimed = addresses.filter((address) => !isTheirs(address));
    return unclaimed.length === 0 ? [] : [{ ...link, addresses: unclaimed }];
  });
}

function isOf(owner: string, { containerId, ifname }: AddressClaim): boolean {
  // what cannot be read, or what Coil before 1.0.2 recorded, may be anybody's
  if (containerId === '') return true;
  return ifname === undefined ? owner.startsWith(`${containerId}/`) : owner === ownerAlias(containerId, ifname);
}
