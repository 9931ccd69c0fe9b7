import { setImmediate as turn } from 'node:timers/promises';
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

/** What is decoded before anything else gets a turn of the event loop. */
const MESSAGES_PER_TURN = 200;

const NOTHING = { announcements: [], lost: false, more: false };

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
      for (;;) {
        const received = unknown ? NOTHING : await subscription.heard(MESSAGES_PER_TURN, signal);
        if (received === undefined) return;
        const { announcements, lost, more } = received;
        if (unknown || lost) {
          digest.reset(await node.socket.dump(listLinks(), signal));
          yield { kind: 'unknown' };
          unknown = false;
        }
        const change = digest.digest(announcements);
        if (change !== undefined) yield change;
        if (more) await turn();
      }
    } catch (error) {
      if (!signal.aborted) throw networkError("cannot follow the changes of the node's network", error);
    }
  }
}
