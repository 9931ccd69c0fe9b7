import { CoilError } from '../model/error.ts';
import type { LinkMessage } from '../netlink/link-codec.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import { addRoute, type Route, replaceRoute } from '../netlink/routes.ts';
import { enableIpv6 } from './enable-ipv6.ts';
import type { HostAttachment, HostCondition, HostRepair, HostSide } from './host-side.ts';
import { translated } from './network-error.ts';
import { NodeSide } from './node-side.ts';
import { ownerAlias } from './owner-alias.ts';
import { hostLayout, type SideLayout } from './pod-layout.ts';
import {
  type Difference,
  differencesOf,
  readSide,
  type SideState,
  sameAddress,
  sameDestination,
} from './side-state.ts';
import { findLink } from './veth-pair.ts';

export interface NetlinkHostSideOptions {
  /** Path of the node's network namespace; the process's own where absent. */
  readonly nodeNetns?: string;
}

export interface NetlinkHostSideDeps {
  /** Whether a host link of that name is to be deleted. */
  readonly isDoomed: (hostIfname: string) => boolean;
}

/** A link that was down gets its addresses and routes only once it is up. */
const PASSES = 3;

/** The host's side by rtnetlink, on a socket of its own, so that no ADD waits for a comparison. */
export class NetlinkHostSide implements HostSide, AsyncDisposable {
  readonly #node: NodeSide;
  readonly #isDoomed: (hostIfname: string) => boolean;

  constructor(options: NetlinkHostSideOptions, deps: NetlinkHostSideDeps) {
    this.#node = new NodeSide(options.nodeNetns);
    this.#isDoomed = deps.isDoomed;
  }

  look(attachment: HostAttachment, signal: AbortSignal): Promise<HostCondition> {
    return translated(`cannot compare the link ${attachment.hostIfname}`, async () => {
      const found = await this.#differences(attachment, signal);
      if (typeof found === 'string') return found;
      return found.length > 0 ? 'damaged' : 'right';
    });
  }

  mend(attachment: HostAttachment, isWanted: () => boolean, signal: AbortSignal): Promise<readonly HostRepair[]> {
    return translated(`cannot mend the link ${attachment.hostIfname}`, async () => {
      const repairs = new Map<string, HostRepair>();
      for (let pass = 0; pass < PASSES; pass++) {
        const differences = await this.#differences(attachment, signal);
        if (typeof differences === 'string') break;
        const untried = differences.filter(({ what }) => repairs.get(what)?.error === undefined);
        if (untried.length === 0 || !isWanted()) break;
        if (attachment.addresses.some(({ family }) => family === 6)) {
          enableIpv6(this.#node.netns, attachment.hostIfname);
        }
        const outcomes = await this.#node.socket.batch(untried.map(({ fix }) => fix));
        // what went with the link is no damage any more
        if (outcomes.some(({ error }) => NetlinkError.is(error, 'ENODEV'))) break;
        for (const [i, difference] of untried.entries()) {
          repairs.set(difference.what, repairOf(difference, outcomes[i]?.error));
        }
      }
      return [...repairs.values()];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#node[Symbol.asyncDispose]();
  }

  async #differences(
    attachment: HostAttachment,
    signal: AbortSignal,
  ): Promise<readonly Difference[] | 'gone' | 'foreign'> {
    if (this.#isDoomed(attachment.hostIfname)) return 'foreign';
    try {
      const link = await findLink(this.#node.socket, attachment.hostIfname, signal);
      if (link === undefined) return 'gone';
      return isMarked(link, attachment) ? await this.#linkDifferences(link, attachment, signal) : 'foreign';
    } catch (error) {
      if (NetlinkError.is(error, 'ENODEV')) return 'gone';
      throw error;
    }
  }

  async #linkDifferences(
    link: LinkMessage,
    { addresses }: HostAttachment,
    signal: AbortSignal,
  ): Promise<readonly Difference[] | 'foreign'> {
    const layout = hostLayout(link.index, addresses);
    const side = await readSide(this.#node.socket, link, layout, signal);
    if (link.alias === undefined && !isV1Made(side, layout)) return 'foreign';
    // another's route to the Pod is left alone, unless it leads to the Pod's own link
    const putRoute = (route: Route) =>
      side.routes.some((actual) => sameDestination(route, actual)) ? replaceRoute(route) : addRoute(route);
    return differencesOf(side, layout, putRoute);
  }
}

function isMarked({ alias, kind }: LinkMessage, attachment: HostAttachment): boolean {
  if (kind !== 'veth') return false;
  if (alias === undefined) return attachment.acceptsUnmarked;
  return alias === ownerAlias(attachment.containerId, attachment.ifname);
}

/** Of a link without a mark, its name apart: it has the gateway's address still, or a route to the Pod. */
function isV1Made({ addresses, routes }: SideState, layout: SideLayout): boolean {
  return (
    layout.addresses.some((wanted) => addresses.some((actual) => sameAddress(wanted, actual))) ||
    layout.routes.some((wanted) => routes.some((actual) => sameDestination(wanted, actual)))
  );
}

function repairOf({ part, what }: Difference, error: Error | undefined): HostRepair {
  if (error === undefined) return { part, what, outcome: 'mended' };
  if (part !== 'route' || !NetlinkError.is(error, 'EEXIST')) return { part, what, outcome: 'failed', error };
  const cause = new CoilError('network', `${what}, and somebody else's stands in its place`, { cause: error });
  return { part, what, outcome: 'left-alone', error: cause };
}
