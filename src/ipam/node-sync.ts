import { CoilError } from '../model/error.ts';
import { abortable } from '../process/abortable.ts';
import { Backoff, sleep } from '../process/backoff.ts';
import type { Logger } from '../process/logger.ts';
import { reportUnreadable } from '../process/report-unreadable.ts';
import type { IpamStore } from '../store/ipam-store.ts';
import type { BlockKeeper } from './block-keeper.ts';
import type { NodeState } from './node-state.ts';

export interface NodeSyncOptions {
  readonly node: string;
  /** How often blocks are looked at, and how long an empty one is kept, in milliseconds. */
  readonly scanIntervalMs: number;
  readonly backoff?: Backoff;
}

export interface NodeSyncDeps {
  readonly store: Pick<IpamStore, 'watchNode'>;
  readonly state: NodeState;
  readonly keeper: Pick<BlockKeeper, 'exportUntilDone' | 'returnEmpty'>;
  readonly logger: Logger;
}

/**
 * Keeps the node's state and its routes as the datastore says, for as long as coild runs: list, watch, and on any end
 * of the watch back off and list again.
 */
export class NodeSync {
  readonly #options: NodeSyncOptions;
  readonly #deps: NodeSyncDeps;
  #fresh = Promise.withResolvers<void>();
  #isFresh = false;
  #isFollowing = false;
  #round = new AbortController();

  constructor(options: NodeSyncOptions, deps: NodeSyncDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Whether the state is the datastore's, as far as a watch can tell: not while there is none. */
  get isFresh(): boolean {
    return this.#isFresh && this.#isFollowing;
  }

  /**
   * Waits until the state was read.
   * @throws {CoilError} store-unavailable where `signal` ends the wait
   */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.#isFresh) return;
    try {
      await abortable(this.#fresh.promise, signal);
    } catch (cause) {
      const message = "coild could not read this node's blocks and addresses from the datastore in time";
      throw new CoilError('store-unavailable', message, { cause });
    }
  }

  /** Has the state read anew before anybody relies on it again, even where a read is under way: that may be too old. */
  renew(reason: string): void {
    if (this.#isFresh) {
      this.#deps.logger.warn('reading the state of this node anew', { reason });
      this.#isFresh = false;
      this.#fresh = Promise.withResolvers();
    }
    this.#round.abort();
  }

  /** Runs until `signal` is aborted; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#follow(signal), this.#scan(signal)]);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const backoff = this.#options.backoff ?? new Backoff({ baseMs: 100, maxMs: 5_000 });
    while (!signal.aborted) {
      this.#round = new AbortController();
      try {
        await this.#followOnce(AbortSignal.any([signal, this.#round.signal]), () => backoff.reset(), signal);
      } catch (error) {
        const wasFollowing = this.#isFollowing;
        this.#isFollowing = false;
        if (signal.aborted) return;
        const { logger } = this.#deps;
        if (wasFollowing) logger.warn('lost the watch of the datastore; beginning anew', { error });
        else logger.warn('cannot read the state of this node from the datastore; trying again', { error });
      }
      await backoff.wait(signal).catch(() => undefined);
    }
  }

  async #followOnce(round: AbortSignal, succeeded: () => void, signal: AbortSignal): Promise<void> {
    const { store, state, keeper, logger } = this.#deps;
    for await (const change of store.watchNode(this.#options.node, round)) {
      round.throwIfAborted();
      if (change.kind !== 'snapshot') {
        state.apply(change);
        if (change.kind === 'block') void keeper.exportUntilDone(signal);
        else if (change.kind === 'address' && change.unreadable) reportUnreadable(logger, [change.unreadable]);
        continue;
      }
      state.reset(change);
      reportUnreadable(logger, change.unreadable);
      for (const error of change.repaired ?? [])
        logger.error('a value in the datastore could not be read; set anew by what other keys say', { error });
      logger.info('read the state of this node', { blocks: change.blocks.length, addresses: change.addresses.length });
      void keeper.exportUntilDone(signal);
      succeeded();
      this.#isFollowing = true;
      this.#isFresh = true;
      this.#fresh.resolve();
    }
  }

  /** Returns what has been empty for `keepMs` milliseconds. @throws {CoilError} store-unavailable, network */
  async returnBlocks(keepMs: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#deps.keeper.returnEmpty(keepMs, signal);
    } catch (error) {
      if (CoilError.isUncertain(error, signal)) this.renew('a block may have been returned');
      throw error;
    }
  }

  async #scan(signal: AbortSignal): Promise<void> {
    const { scanIntervalMs } = this.#options;
    while (!signal.aborted) {
      try {
        await sleep(scanIntervalMs, signal);
        await this.ready(signal);
        await this.returnBlocks(scanIntervalMs, signal);
        // that may take for ever, where the kernel refuses a route
        void this.#deps.keeper.exportUntilDone(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#deps.logger.error('cannot return empty blocks; trying again at the next scan', { error });
        // the state was read, or nobody would have come as far as the network
        if (CoilError.is(error, 'network')) void this.#deps.keeper.exportUntilDone(signal);
      }
    }
  }
}
