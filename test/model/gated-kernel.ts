import type { IpPrefix } from '../../src/model/ip-prefix.ts';
import { SerialQueue } from '../../src/netlink/serial-queue.ts';
import type { BlockExporter, SyncReport } from '../../src/podnet/block-exporter.ts';
import type { AttachedLinks, Attachment, AttachRequest, Detachment, PodNetwork } from '../../src/podnet/pod-network.ts';
import type { FakeBlockExporter } from '../contract/fake-block-exporter.ts';
import type { FakePodNetwork } from '../contract/fake-pod-network.ts';
import type { Gate } from './gate.ts';

/** No call to the simulated kernel waits for anything. */
const unlimited = () => new AbortController().signal;

/** A node's routing table in memory, each call to which waits at the gate. */
export class GatedExporter implements BlockExporter {
  readonly #routes: FakeBlockExporter;
  /** As the port promises. */
  readonly #turns = new SerialQueue();
  readonly #gate: Gate;
  readonly #asked: () => (report: SyncReport) => void;

  /** @param deps `asked` is called for each sync, and what it gives is called when that was made */
  constructor(routes: FakeBlockExporter, deps: { gate: Gate; asked: () => (report: SyncReport) => void }) {
    this.#routes = routes;
    this.#gate = deps.gate;
    this.#asked = deps.asked;
  }

  sync(desired: readonly IpPrefix[], signal: AbortSignal): Promise<SyncReport> {
    const exported = this.#asked();
    return this.#turns.run(
      () =>
        this.#gate.call({ medium: 'kernel', name: `export ${desired.join(' ')}`, signal }, async () => {
          const report = await this.#routes.sync(desired, unlimited());
          exported(report);
          return report;
        }),
      signal,
    );
  }
}

/**
 * A node's links in memory, each call to which waits at the gate. As on the real kernel, an attach makes the pair while
 * its addresses are on their way, and sets it up afterwards: it can be stopped in between.
 */
export class GatedPodNetwork implements PodNetwork {
  readonly #links: FakePodNetwork;
  readonly #gate: Gate;
  readonly #refused: (containerId: string) => void;

  /** @param deps `refused` is called where a container is not attached, for what there is in the kernel */
  constructor(links: FakePodNetwork, deps: { gate: Gate; refused: (containerId: string) => void }) {
    this.#links = links;
    this.#gate = deps.gate;
    this.#refused = deps.refused;
  }

  async attach(request: AttachRequest, signal: AbortSignal): Promise<AttachedLinks> {
    const { containerId, hostIfname, netns, ifname } = request;
    const making = this.#kernel(`make pair of ${containerId}`, signal, async () => {
      if (this.#links.link(hostIfname) !== undefined || this.#links.interfaces(netns)?.has(ifname) !== false)
        return false;
      this.#links.addPair({ ...request, addresses: [] }, undefined);
      return true;
    });
    const asking = typeof request.addresses === 'function' ? request.addresses() : Promise.resolve(request.addresses);
    asking.catch(() => undefined);
    let made = false;
    try {
      made = await making;
      const addresses = await asking;
      return await this.#kernel(`set up pair of ${containerId}`, signal, () => this.#setUp({ ...request, addresses }));
    } catch (error) {
      await Promise.allSettled([asking]);
      if (made) await this.#kernel(`undo pair of ${containerId}`, unlimited(), () => this.#undo(request));
      throw error;
    }
  }

  detach(detachment: Detachment, signal: AbortSignal): Promise<void> {
    return this.#kernel(`detach ${detachment.containerId}`, signal, () => this.#links.detach(detachment, unlimited()));
  }

  check(attachment: Attachment, signal: AbortSignal): Promise<void> {
    return this.#kernel(`check ${attachment.containerId}`, signal, () => this.#links.check(attachment, unlimited()));
  }

  settled(): Promise<void> {
    return this.#links.settled();
  }

  async #setUp(request: AttachRequest): Promise<AttachedLinks> {
    try {
      return await this.#links.attach(request, unlimited());
    } catch (error) {
      this.#refused(request.containerId);
      throw error;
    }
  }

  async #undo(request: AttachRequest): Promise<void> {
    await this.#links.detach({ ...request, addresses: [] }, unlimited());
    await this.#links.settled();
  }

  #kernel<T>(name: string, signal: AbortSignal, make: () => Promise<T>): Promise<T> {
    return this.#gate.call({ medium: 'kernel', name, signal }, make);
  }
}
