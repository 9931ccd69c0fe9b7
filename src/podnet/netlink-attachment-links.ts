import { IpAddress } from '../model/ip-address.ts';
import { listLinks } from '../netlink/links.ts';
import { RouteTable } from '../netlink/route-codec.ts';
import { listRoutes } from '../netlink/routes.ts';
import type { AttachmentLinks, LinksView, LinkTraces } from './attachment-links.ts';
import { FAMILIES } from './exported-route.ts';
import { translated } from './network-error.ts';
import { NodeSide } from './node-side.ts';
import { ownerAlias } from './owner-alias.ts';

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
      const aliases = new Set<string>();
      const unowned = new Set<string>();
      for (const { name, alias } of await socket.dump(listLinks(), signal)) {
        if (alias !== undefined) aliases.add(alias);
        else if (name !== undefined) unowned.add(name);
      }
      const routed = new Set<string>();
      for (const { family } of FAMILIES) {
        for (const { destination, destinationLength } of await listRoutes(
          socket,
          family,
          { table: RouteTable.main },
          signal,
        )) {
          if (destination?.length === destinationLength / 8) routed.add(String(IpAddress.fromBytes(destination)));
        }
      }
      return new View(aliases, unowned, routed);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#node[Symbol.asyncDispose]();
  }
}

class View implements LinksView {
  readonly #aliases: ReadonlySet<string>;
  /** Names of links without an alias. */
  readonly #unowned: ReadonlySet<string>;
  /** Addresses that a route of their own leads to. */
  readonly #routed: ReadonlySet<string>;

  constructor(aliases: ReadonlySet<string>, unowned: ReadonlySet<string>, routed: ReadonlySet<string>) {
    this.#aliases = aliases;
    this.#unowned = unowned;
    this.#routed = routed;
  }

  has({ containerId, ifname, hostIfname, addresses }: LinkTraces): boolean {
    if (this.#aliases.has(ownerAlias(containerId, ifname)) || this.#unowned.has(hostIfname)) return true;
    return addresses.some((address) => this.#routed.has(String(address)));
  }
}
