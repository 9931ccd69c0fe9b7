import { IpAddress } from '../model/ip-address.ts';
import type { LinkMessage } from '../netlink/link-codec.ts';
import { listLinks } from '../netlink/links.ts';
import { RouteTable } from '../netlink/route-codec.ts';
import { listRoutes } from '../netlink/routes.ts';
import type { AddressClaim, AttachmentLinks, LinksView, LinkTraces, MarkedLink } from './attachment-links.ts';
import { FAMILIES } from './exported-route.ts';
import { translated } from './network-error.ts';
import { NodeSide } from './node-side.ts';
import { isOwnerAlias, ownerAlias } from './owner-alias.ts';
import { unclaimedLinks } from './unclaimed-links.ts';

/** The node's links and routes to single addresses, as rtnetlink has them; a dump each time, and nothing kept. */
export class NetlinkAttachmentLinks implements AttachmentLinks, AsyncDisposable {
  readonly #node: NodeSide;

  /** @param nodeNetns path of the node's network namespace; the process's own where absent */
  constructor(nodeNetns?: string) {
    this.#node = new NodeSide(nodeNetns);
  }

  look(signal: AbortSignal): Promise<LinksView> {
    return translated('cannot look at the links of this node', async () => {
      const { socket } = this.#node;
      const links = await socket.dump(listLinks(), signal);
      const routed: HostRoute[] = [];
      for (const { family } of FAMILIES) {
        const routes = await listRoutes(socket, family, { table: RouteTable.main }, signal);
        for (const { destination, destinationLength, link } of routes) {
          if (destination?.length !== destinationLength / 8) continue;
          routed.push({ address: IpAddress.fromBytes(destination), link });
        }
      }
      return new View(links, routed);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#node[Symbol.asyncDispose]();
  }
}

/** A route to a single address. */
interface HostRoute {
  readonly address: IpAddress;
  /** Index of the link that it leads to. */
  readonly link: number | undefined;
}

class View implements LinksView {
  readonly #aliases = new Set<string>();
  /** Names of links without an alias. */
  readonly #unowned = new Set<string>();
  /** Addresses that a route of their own leads to. */
  readonly #routed: ReadonlySet<string>;
  readonly #marked: readonly MarkedLink[];

  constructor(links: readonly LinkMessage[], routes: readonly HostRoute[]) {
    for (const { name, alias } of links) {
      if (alias !== undefined) this.#aliases.add(alias);
      else if (name !== undefined) this.#unowned.add(name);
    }
    this.#routed = new Set(routes.map(({ address }) => String(address)));
    const byLink = Map.groupBy(routes, ({ link }) => link);
    this.#marked = links.flatMap(({ index, name = '', alias: owner = '', kind }) => {
      if (kind !== 'veth' || !isOwnerAlias(owner)) return [];
      return [{ name, owner, addresses: (byLink.get(index) ?? []).map(({ address }) => address) }];
    });
  }

  has({ containerId, ifname, hostIfname, addresses }: LinkTraces): boolean {
    if (this.#aliases.has(ownerAlias(containerId, ifname)) || this.#unowned.has(hostIfname)) return true;
    return addresses.some((address) => this.#routed.has(String(address)));
  }

  unclaimed(claims: readonly AddressClaim[]): readonly MarkedLink[] {
    return unclaimedLinks(this.#marked, claims);
  }
}
