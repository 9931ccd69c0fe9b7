import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { listLinks } from '../netlink/links.ts';
import { MulticastGroup } from '../netlink/multicast-group.ts';
import { Subscription } from '../netlink/subscription.ts';
import { ChangeDigest } from './change-digest.ts';
import type { ExportTable } from './exported-route.ts';
import type { NetworkChange, NetworkChanges } from './network-changes.ts';
import { networkError } from './network-error.ts';
import { NodeSide } from './node-side.ts';

export interface NetlinkNetworkChangesOptions extends ExportTable {
  /** Path of the node's network namespace; the process's own where absent. */
  readonly nodeNetns?: string;
  /** How much the kernel keeps for the next look; 1 MiB by default, which are some 1000 changes. */
  readonly receiveBufferBytes?: number;
}

/**
 * How often one looks. A look that finds nothing is one system call: all of them take some 0.1 % of a core.
 */
const LOOK_MS = 150;
/** What is decoded before anything else gets a turn of the event loop. */
const MESSAGES_PER_TURN = 200;

const { link, ipv4Address, ipv4Route, ipv6Address, ipv6Route } = MulticastGroup;
const GROUPS = link | ipv4Address | ipv4Route | ipv6Address | ipv6Route;

/** Changes by rtnetlink's multicast groups. */
export class NetlinkNetworkChanges implements NetworkChanges {
  readonly #options: NetlinkNetworkChangesOptions;

  constructor(options: NetlinkNetworkChangesOptions) {
    this.#options = options;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<NetworkChange> {
    const { nodeNetns, receiveBufferBytes } = this.#options;
    await using node = new NodeSide(nodeNetns);
    const digest = new ChangeDigest(this.#options);
    try {
      const buffer = receiveBufferBytes === undefined ? {} : { receiveBufferBytes };
      using subscription = Subscription.openAt(node.netns, { groups: GROUPS, ...buffer });
      let unknown = true;
      while (!signal.aborted) {
        const { announcements, lost, more } = subscription.receive(MESSAGES_PER_TURN);
        if (unknown || lost) {
          digest.reset(await node.socket.dump(listLinks(), signal));
          yield { kind: 'unknown' };
          unknown = false;
        }
        const change = digest.digest(announcements);
        if (change !== undefined) yield change;
        if (more) await turn(undefined, { signal });
        else await sleep(LOOK_MS, undefined, { ref: false, signal });
      }
    } catch (error) {
      if (!signal.aborted) throw networkError("cannot follow the changes of the node's network", error);
    }
  }
}
