import type { BlockKeeper } from '../ipam/block-keeper.ts';
import type { KeyedLock } from '../ipam/keyed-lock.ts';
import type { NodeState } from '../ipam/node-state.ts';
import type { HostSide } from '../podnet/host-side.ts';
import type { NetworkChange, NetworkChanges } from '../podnet/network-changes.ts';
import { Backoff, sleep } from '../process/backoff.ts';
import type { Logger } from '../process/logger.ts';
import { CoalescedTasks } from './coalesced-tasks.ts';
import { PodMender } from './pod-mender.ts';
import { type PodName, podKey, recordedAttachments } from './recorded-attachments.ts';
import { RepairPace } from './repair-pace.ts';

export interface NetworkGuardOptions {
  /** How often everything is compared, whether or not anything is heard, in milliseconds. */
  readonly scanIntervalMs: number;
}

export interface NetworkGuardDeps {
  readonly changes: NetworkChanges;
  readonly hostSide: HostSide;
  readonly hostIfname: (namespace: string, pod: string, ifname: string) => string;
  readonly state: Pick<NodeState, 'records'>;
  readonly keeper: Pick<BlockKeeper, 'export' | 'exportUntilDone'>;
  /** Until the state was read, nothing is known of what should be. */
  readonly sync: { ready(signal: AbortSignal): Promise<void> };
  /** By `NAMESPACE/POD`: whoever attaches or detaches a Pod holds it. */
  readonly lock: KeyedLock;
  /** Monotonic, in milliseconds. */
  readonly clock: () => number;
  readonly now: () => Date;
  readonly logger: Logger;
}

const BLOCKS = 'blocks';
const EVERYTHING = 'everything';

/**
 * Keeps what Coil made in the node's network as it was made, against whoever changes it: compares what a change
 * touched, and everything where changes were lost and at each scan, and mends what is not as the records say.
 */
export class NetworkGuard {
  readonly #options: NetworkGuardOptions;
  readonly #deps: NetworkGuardDeps;
  readonly #tasks = new CoalescedTasks();
  readonly #pace: RepairPace;
  readonly #mender: PodMender;

  constructor(options: NetworkGuardOptions, deps: NetworkGuardDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#pace = new RepairPace(deps);
    this.#mender = new PodMender({ ...deps, pace: this.#pace });
  }

  /** Runs until `signal` is aborted, and what is under way is over; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#untilReady(signal);
    await Promise.all([this.#follow(signal), this.#scan(signal)]);
    await this.#tasks.idle();
  }

  async #untilReady(signal: AbortSignal): Promise<void> {
    await this.#deps.sync.ready(signal).catch(() => undefined);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff({ baseMs: 200, maxMs: 10_000 });
    while (!signal.aborted) {
      try {
        for await (const change of this.#deps.changes.watch(signal)) {
          if (change.kind === 'known') backoff.reset();
          this.#take(change, signal);
        }
      } catch (error) {
        this.#deps.logger.error("cannot follow the changes of the node's network; trying again", { error });
      }
      await backoff.wait(signal).catch(() => undefined);
    }
  }

  #take(change: NetworkChange, signal: AbortSignal): void {
    if (change.kind === 'unknown') {
      this.#tasks.run(EVERYTHING, () => this.#compareEverything(signal));
      return;
    }
    const { exportedRoutes, destinations, links, deletedLinks } = change;
    if (exportedRoutes) this.#checkBlocks(signal);
    if (destinations.size + links.size + deletedLinks.size === 0) return;
    for (const attachment of recordedAttachments(this.#deps.state.records, this.#deps)) {
      const { hostIfname, addresses } = attachment;
      const touched = links.has(hostIfname) || addresses.some((address) => destinations.has(address.toString()));
      if (touched) this.#checkPod(attachment, signal);
      if (deletedLinks.has(hostIfname)) this.#lookForLink(attachment, signal);
    }
  }

  async #scan(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#options.scanIntervalMs, signal).catch(() => undefined);
      // blocks are compared at each scan by whoever returns the empty ones
      if (!signal.aborted) this.#checkPods(signal);
    }
  }

  async #compareEverything(signal: AbortSignal): Promise<void> {
    await this.#paced(EVERYTHING, signal);
    if (signal.aborted) return;
    // where the kernel drops changes again and again
    this.#pace.strike(EVERYTHING);
    this.#deps.logger.debug("comparing all of the node's network with the records");
    this.#checkBlocks(signal);
    this.#checkPods(signal);
  }

  #checkBlocks(signal: AbortSignal): void {
    this.#tasks.run(BLOCKS, async () => {
      await this.#paced(BLOCKS, signal);
      if (signal.aborted) return;
      try {
        const putBack = await this.#deps.keeper.export(signal);
        if (putBack.length > 0) this.#pace.strike(BLOCKS);
      } catch {
        // it says why, and backs off
        await this.#deps.keeper.exportUntilDone(signal);
      }
    });
  }

  #checkPods(signal: AbortSignal): void {
    for (const { assignment } of this.#deps.state.records) this.#checkPod(assignment, signal);
  }

  #checkPod({ namespace, pod }: PodName, signal: AbortSignal): void {
    const name = { namespace, pod };
    this.#tasks.run(`pod ${podKey(name)}`, () => this.#mender.mend(name, signal));
  }

  #lookForLink({ namespace, pod }: PodName, signal: AbortSignal): void {
    const name = { namespace, pod };
    this.#tasks.run(`link of ${podKey(name)}`, () => this.#mender.tellOfDeletion(name, signal));
  }

  async #paced(key: string, signal: AbortSignal): Promise<void> {
    const ms = this.#pace.delay(key);
    if (ms > 0) await sleep(ms, signal).catch(() => undefined);
  }
}
