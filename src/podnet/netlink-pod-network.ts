import { CoilError } from '../model/error.ts';
import type { IpAddress } from '../model/ip-address.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import { deleteRoute } from '../netlink/routes.ts';
import type { Logger } from '../process/logger.ts';
import { adoptPair } from './adopt-pair.ts';
import { checkPair } from './check-pair.ts';
import { createPair } from './create-pair.ts';
import { isOwnLink } from './link-ownership.ts';
import { LinkRemoval } from './link-removal.ts';
import { translated } from './network-error.ts';
import { NodeSide } from './node-side.ts';
import { hostLayout } from './pod-layout.ts';
import { openPodNetns, withSocketIn } from './pod-netns.ts';
import type { AttachedLinks, Attachment, AttachRequest, Detachment, PodNetwork } from './pod-network.ts';
import { findLink, type PairSides } from './veth-pair.ts';

export interface NetlinkPodNetworkOptions {
  /** Path of the node's network namespace; the process's own where absent. */
  readonly nodeNetns?: string;
  /** How long `attach` waits for the deletion of a link of the same name; 10000 by default. */
  readonly removalTimeoutMs?: number;
}

export interface NetlinkPodNetworkDeps {
  readonly logger: Pick<Logger, 'warn'>;
}

/** Names are made and deleted by nobody but the caller, so that even the second attempt is rare. */
const ATTEMPTS = 3;

/** Pods' veth pairs, addresses and routes by rtnetlink, in v1's layout. Opens its sockets when first used. */
export class NetlinkPodNetwork implements PodNetwork, AsyncDisposable {
  readonly #node: NodeSide;
  readonly #removal: LinkRemoval;
  readonly #removalTimeoutMs: number;

  constructor(options: NetlinkPodNetworkOptions, deps: NetlinkPodNetworkDeps) {
    this.#node = new NodeSide(options.nodeNetns);
    this.#removal = new LinkRemoval(() => this.#node.openSocket(), deps.logger);
    this.#removalTimeoutMs = options.removalTimeoutMs ?? 10_000;
  }

  attach(request: AttachRequest, signal: AbortSignal): Promise<AttachedLinks> {
    return translated(`cannot attach container ${request.containerId}`, async () => {
      signal.throwIfAborted();
      this.#removal.retryFailed();
      if (this.#removal.isUnderWay(request.hostIfname)) await this.#removed(request.hostIfname, signal);
      this.#removal.spare(request.hostIfname);
      return await this.#within(request.netns, (sides) => this.#attachWithin(sides, request, signal));
    });
  }

  async #attachWithin(sides: PairSides, request: AttachRequest, signal: AbortSignal): Promise<AttachedLinks> {
    const addresses = askedFor(request.addresses);
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const links =
          (await createPair(sides, { ...request, addresses }, signal)) ??
          (await adoptPair(sides, this.#removal, { ...request, addresses: await addresses }, signal));
        if (links !== undefined) return links;
      }
      throw new CoilError('network', `somebody else makes and deletes ${request.hostIfname} at the same time`);
    } catch (error) {
      // whoever asked for addresses has to know what became of them
      await Promise.allSettled([addresses]);
      throw error;
    }
  }

  detach(detachment: Detachment, signal: AbortSignal): Promise<void> {
    return translated(`cannot detach container ${detachment.containerId}`, async () => {
      signal.throwIfAborted();
      this.#removal.retryFailed();
      const view = { node: this.#node.socket, nodeNetns: this.#node.netns };
      const host = await findLink(view.node, detachment.hostIfname, signal);
      if (host === undefined || !(await isOwnLink(view, host, detachment, signal))) return;
      // each request names the link: a route to the same address that leads elsewhere is another Pod's
      const { routes } = hostLayout(host.index, detachment.addresses);
      for (const { error } of await view.node.batch(routes.map(deleteRoute), signal)) {
        if (error !== undefined && !NetlinkError.is(error, 'ESRCH', 'ENODEV')) throw error;
      }
      this.#removal.removeInBackground({ name: detachment.hostIfname, index: host.index });
    });
  }

  check(attachment: Attachment, signal: AbortSignal): Promise<void> {
    return translated(`cannot check container ${attachment.containerId}`, async () => {
      signal.throwIfAborted();
      await this.#within(attachment.netns, (sides) => checkPair(sides, attachment, signal));
    });
  }

  settled(): Promise<void> {
    return this.#removal.settled();
  }

  /** Whether a host link of that name is a detached Pod's, and only waits for its deletion. */
  isDoomed(hostIfname: string): boolean {
    return this.#removal.isDoomed(hostIfname);
  }

  /** Waits for what is under way, then closes the sockets. */
  async close(): Promise<void> {
    await this.#removal.close();
    await this.#node[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #within<T>(path: string, action: (sides: PairSides) => Promise<T>): Promise<T> {
    const { netns: nodeNetns, socket: node } = this.#node;
    const podNetns = openPodNetns(path, nodeNetns);
    return await withSocketIn(podNetns, (open) =>
      action({
        node,
        nodeNetns,
        podNetns,
        get pod() {
          return open();
        },
      }),
    );
  }

  async #removed(name: string, signal: AbortSignal): Promise<void> {
    const timeout = AbortSignal.timeout(this.#removalTimeoutMs);
    try {
      await this.#removal.finished(name, AbortSignal.any([signal, timeout]));
    } catch (error) {
      signal.throwIfAborted();
      throw new CoilError('network', `${name} of the Pod's last sandbox is still being deleted`, { cause: error });
    }
  }
}

/** Begins to find the addresses. Where that fails, nobody may be waiting for them yet. */
function askedFor(addresses: AttachRequest['addresses']): Promise<readonly IpAddress[]> {
  const asked = typeof addresses === 'function' ? addresses() : Promise.resolve(addresses);
  asked.catch(() => undefined);
  return asked;
}
