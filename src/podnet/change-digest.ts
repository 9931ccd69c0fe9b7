import { IpAddress } from '../model/ip-address.ts';
import type { Announcement } from '../netlink/announcement.ts';
import { LinkFlag, type LinkMessage } from '../netlink/link-codec.ts';
import { type RouteMessage, RouteTable } from '../netlink/route-codec.ts';
import type { ExportTable } from './exported-route.ts';
import type { NetworkChange } from './network-changes.ts';
import { POD_GATEWAY } from './pod-network.ts';

type KnownChange = Extract<NetworkChange, { kind: 'known' }>;

/**
 * Tells, of what the kernel announces, what may be damage. An ADD announces a dozen messages and a DEL some more, none
 * of which is, save for what a DEL takes away; so most of it is told apart here, where it costs the least. The kernel
 * announces no IPv4 route that goes with its link or with the link's last address: these stand for their routes.
 */
export class ChangeDigest {
  readonly #table: ExportTable;
  /** Addresses are announced with the link's index only. */
  #names = new Map<number, string>();

  constructor(table: ExportTable) {
    this.#table = table;
  }

  /** Takes over the links that there are. */
  reset(links: readonly LinkMessage[]): void {
    this.#names = new Map(links.map(({ index, name = '' }) => [index, name]));
  }

  /** Undefined where none of it concerns Coil. */
  digest(announcements: readonly Announcement[]): KnownChange | undefined {
    const change = {
      kind: 'known' as const,
      exportedRoutes: false,
      destinations: new Set<string>(),
      links: new Set<string>(),
      deletedLinks: new Set<string>(),
    };
    for (const announcement of announcements) {
      if (announcement.kind === 'route') {
        if (announcement.gone || announcement.replaced) this.#lostRoute(announcement.route, change);
      } else if (announcement.kind === 'address') {
        const { link, local, address } = announcement.address;
        const name = this.#names.get(link);
        if (announcement.gone && name !== undefined && isGateway(local ?? address)) change.links.add(name);
      } else {
        this.#changedLink(announcement, change);
      }
    }
    const { exportedRoutes, destinations, links, deletedLinks } = change;
    return exportedRoutes || destinations.size + links.size + deletedLinks.size > 0 ? change : undefined;
  }

  #lostRoute(route: RouteMessage, change: { exportedRoutes: boolean; readonly destinations: Set<string> }): void {
    const { destination, destinationLength, table } = route;
    // of a route that was replaced, the other one is announced, which may have any protocol
    if (table === this.#table.tableId) change.exportedRoutes = true;
    if (table !== RouteTable.main || destination === undefined || destinationLength !== destination.length * 8) return;
    change.destinations.add(IpAddress.fromBytes(destination).toString());
  }

  #changedLink(
    { gone, link }: Extract<Announcement, { kind: 'link' }>,
    change: { exportedRoutes: boolean; readonly links: Set<string>; readonly deletedLinks: Set<string> },
  ): void {
    const { index, flags, name = '' } = link;
    if (gone) this.#names.delete(index);
    else this.#names.set(index, name);
    // exported routes lead to it, go when it goes down, and are refused until it is up
    if ((flags & LinkFlag.loopback) !== 0) change.exportedRoutes = true;
    else if (gone) change.deletedLinks.add(name);
    else if ((flags & LinkFlag.up) === 0) change.links.add(name);
  }
}

function isGateway(address: Uint8Array | undefined): boolean {
  return address !== undefined && GATEWAYS.some((gateway) => Buffer.compare(gateway, address) === 0);
}

const GATEWAYS = [POD_GATEWAY[4].toBytes(), POD_GATEWAY[6].toBytes()];
