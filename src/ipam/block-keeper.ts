import { CoilError } from '../model/error.ts';
import type { IpFamily } from '../model/ip-address.ts';
import type { IpPrefix } from '../model/ip-prefix.ts';
import type { BlockExporter, RefusedBlock, SyncOptions, SyncReport } from '../podnet/block-exporter.ts';
import { Backoff } from '../process/backoff.ts';
import { errorText } from '../process/error-text.ts';
import type { Logger } from '../process/logger.ts';
import { reportUnreadable } from '../process/report-unreadable.ts';
import type { AcquiredBlock, BlockRequest, IpamStore } from '../store/ipam-store.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { NodeState } from './node-state.ts';
import type { OwnedBlock } from './owned-block.ts';
import { SpareBlocks } from './spare-blocks.ts';

export interface BlockKeeperOptions {
  readonly node: string;
  /** Whether a block is kept in hand of each pool and family that the node's Pods use. True by default. */
  readonly keepSpare?: boolean | undefined;
  /** Between attempts to export. */
  readonly exportBackoff?: () => Backoff;
}

interface Exported {
  /** Their routes were there before, and had been taken away by somebody else. */
  readonly putBack: readonly IpPrefix[];
  readonly refused: readonly RefusedBlock[];
}

export interface BlockKeeperDeps {
  readonly store: Pick<IpamStore, 'acquireBlock' | 'releaseBlock'>;
  readonly exporter: BlockExporter;
  readonly state: NodeState;
  /** Monotonic, in milliseconds. */
  readonly clock: () => number;
  /** Whether the datastore is known not to answer: no block is acquired or returned then. By default, never. */
  readonly isOffline?: () => boolean;
  readonly logger: Logger;
}

/**
 * The node's blocks and their routes: acquire, then export, then allocate; withdraw, then release. A block whose route
 * could not be exported is kept, but nothing is allocated from it until it is.
 */
export class BlockKeeper {
  readonly #node: string;
  readonly #exportBackoff: () => Backoff;
  readonly #deps: BlockKeeperDeps;
  readonly #spares: SpareBlocks | undefined;
  readonly #lock = new KeyedLock();
  #export = Promise.resolve();
  #nextExport: Promise<void> | undefined;
  #failure: string | undefined;

  constructor(options: BlockKeeperOptions, deps: BlockKeeperDeps) {
    this.#node = options.node;
    this.#exportBackoff = options.exportBackoff ?? (() => new Backoff({ baseMs: 100, maxMs: 10_000 }));
    this.#deps = deps;
    if (options.keepSpare ?? true) this.#spares = new SpareBlocks(deps);
  }

  /** Why the last export failed; undefined where it did not. Whoever sees one fail has it tried again until it is done. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /**
   * Sees to it that the node has a block of `pool` with an address that has rested; many callers at once acquire one.
   * @throws {CoilError} out-of-blocks, pool-not-found, store-unavailable; network where the route cannot be exported
   */
  async acquire(pool: string, family: IpFamily, signal: AbortSignal): Promise<void> {
    await this.#lock.run(`${pool}/${family}`, signal, async () => {
      const { state, clock } = this.#deps;
      if (state.blocksOf(pool, family).some((owned) => hasRoom(owned, clock()))) return;
      await this.#add({ pool, family, isSpare: false }, signal);
    });
  }

  /**
   * Sees to it, in the background, that the node has a further block of `pool` before the last addresses of its blocks
   * are given out. Never throws: who needs an address acquires one.
   */
  keepSpare(pool: string, family: IpFamily, signal: AbortSignal): void {
    const { logger } = this.#deps;
    if (!this.#spares?.isDue(pool, family)) return;
    const acquiring = this.#lock.run(`${pool}/${family}`, signal, async () => {
      if (this.#spares?.isShort(pool, family)) await this.#add({ pool, family, isSpare: true }, signal);
    });
    acquiring.catch((error: unknown) => {
      // a pool that is used up has none to spare
      const isNormal = signal.aborted || CoilError.is(error, 'out-of-blocks');
      if (!isNormal) logger.warn('cannot acquire a spare block now', { pool, family, error });
    });
  }

  async #add({ pool, family, isSpare }: Required<Omit<BlockRequest, 'node'>>, signal: AbortSignal): Promise<void> {
    const { state, logger } = this.#deps;
    if (!state.blocksOf(pool, family).some((owned) => owned.state === 'acquired')) {
      const acquired = await this.#acquireOne({ node: this.#node, pool, family, isSpare }, signal);
      state.addBlock(acquired, acquired.revision);
      logger.info('acquired a block', { pool, block: acquired.block.toString() });
    }
    // one that is refused of another pool keeps nobody of this one waiting
    const { refused } = await this.#exportAll(signal, { isGrowing: true });
    const own = refused.find(({ block }) => state.blocksOf(pool, family).some((owned) => owned.block.equals(block)));
    if (own) throw own.error;
  }

  async #acquireOne(request: BlockRequest, signal: AbortSignal): Promise<AcquiredBlock> {
    const { pool, family } = request;
    const unreadable: CoilError[] = [];
    try {
      const acquired = await this.#deps.store.acquireBlock(request, signal, unreadable);
      this.#spares?.note(pool, family, { isUsedUp: false });
      return acquired;
    } catch (error) {
      if (CoilError.is(error, 'out-of-blocks')) this.#spares?.note(pool, family, { isUsedUp: true });
      throw error;
    } finally {
      reportUnreadable(this.#deps.logger, unreadable);
    }
  }

  /**
   * Makes the exported routes those of the node's blocks. Gives the blocks whose routes were there before, and had been
   * taken away by somebody else.
   * @throws {CoilError} network, where one is refused too; all others are exported then
   */
  async export(signal: AbortSignal): Promise<readonly IpPrefix[]> {
    const { refused, putBack } = await this.#exportAll(signal);
    if (refused[0]) throw refused[0].error;
    return putBack;
  }

  async #exportAll(signal: AbortSignal, options?: SyncOptions): Promise<Exported> {
    const { logger } = this.#deps;
    const staying = this.#deps.state.blocks.filter((owned) => owned.state !== 'leaving');
    const before = new Set(staying.filter(({ state }) => state === 'exported').map(({ block }) => block.toString()));
    const { added, removed, refused } = await this.#sync(
      staying.map(({ block }) => block),
      signal,
      options,
    );
    const isRefused = ({ block }: OwnedBlock) => refused.some((one) => one.block.equals(block));
    for (const owned of staying)
      if (owned.state !== 'leaving') owned.state = isRefused(owned) ? 'acquired' : 'exported';
    const putBack = added.filter((block) => before.has(block.toString()));
    if (putBack.length > 0) {
      logger.warn('put back routes of blocks that somebody removed', { blocks: putBack.map(String) });
    }
    const others = added.filter((block) => !putBack.includes(block));
    if (others.length + removed.length > 0) {
      logger.info('exported blocks', { added: others.map(String), removed: removed.map(String) });
    }
    return { putBack, refused };
  }

  async #sync(desired: readonly IpPrefix[], signal: AbortSignal, options?: SyncOptions): Promise<SyncReport> {
    try {
      const report = await this.#deps.exporter.sync(desired, signal, options);
      this.#failure = report.refused[0] && errorText(report.refused[0].error);
      return report;
    } catch (error) {
      // who gave up, or was given up, says nothing of the routing table
      if (!signal.aborted) this.#failure = errorText(error);
      throw error;
    }
  }

  /** Exports, however often that has to be tried; calls made during a run share the next one. Never throws. */
  exportUntilDone(signal: AbortSignal): Promise<void> {
    this.#nextExport ??= this.#export.then(() => {
      this.#nextExport = undefined;
      this.#export = this.#exportWithRetries(signal);
      return this.#export;
    });
    return this.#nextExport;
  }

  async #exportWithRetries(signal: AbortSignal): Promise<void> {
    const backoff = this.#exportBackoff();
    while (!signal.aborted) {
      try {
        await this.export(signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#deps.logger.error('cannot export the blocks of this node; trying again', { error });
        await backoff.wait(signal).catch(() => undefined);
      }
    }
  }

  /**
   * Returns the blocks that have been empty for `keepMs` milliseconds, but for one that is kept in hand. While the
   * datastore does not answer, no route is withdrawn for that.
   * @throws {CoilError} network, and what a datastore may fail with: the block is exported again then, unless it may
   * have been returned; the state has to be read anew, to know. What is wrong with one block keeps no other one
   */
  async returnEmpty(keepMs: number, signal: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (const owned of this.#deps.state.blocks) {
      if (this.#deps.isOffline?.()) break;
      const returning = this.#lock.run(`${owned.pool}/${owned.block.family}`, signal, () =>
        this.#returnIfEmpty(owned, keepMs, signal),
      );
      await returning.catch((error: unknown) => {
        if (CoilError.isUncertain(error, signal)) throw error;
        failures.push(error);
      });
    }
    if (failures.length > 0) throw failures[0];
  }

  async #returnIfEmpty(owned: OwnedBlock, keepMs: number, signal: AbortSignal): Promise<void> {
    const { state, store, clock, logger } = this.#deps;
    const { pool, block, emptySince } = owned;
    if (!state.blocks.includes(owned) || owned.state === 'leaving') return;
    if (emptySince === undefined || clock() - emptySince < keepMs || this.#spares?.isSpare(owned)) return;
    owned.state = 'leaving';
    try {
      // whatever is refused, this one is withdrawn
      await this.#exportAll(signal);
      const answer = await store.releaseBlock(this.#node, { pool, block }, signal).catch((error: unknown) => {
        // another node may have it by now
        if (CoilError.isUncertain(error, signal) && state.blocks.includes(owned)) state.dropBlock(block);
        throw error;
      });
      if (answer.outcome === 'released') state.removeBlock(block, answer.revision);
      else if (answer.outcome === 'not-owned' && state.blocks.includes(owned)) state.dropBlock(block);
      logger.info('returned a block', { pool, block: block.toString(), outcome: answer.outcome });
    } finally {
      if (state.blocks.includes(owned)) {
        owned.state = 'acquired';
        await this.export(signal);
      }
    }
  }
}

/** Whether an address can be given out of the block that nobody has and that does not rest. */
export function hasRoom(owned: OwnedBlock, now: number): boolean {
  return isExported(owned) && owned.allocator.hasRested(now);
}

/** Whether an address that nobody has can be given out of the block, though it may rest. */
export function hasUnavoided(owned: OwnedBlock, now: number): boolean {
  return isExported(owned) && owned.allocator.hasUnavoided(now);
}

export function isExported({ state }: OwnedBlock): boolean {
  return state === 'exported';
}

/** The error of an allocation that found no address, in v1's words. */
export function outOfAddresses(pool: string, cause: unknown): CoilError {
  return new CoilError('out-of-addresses', `out of address blocks: no more blocks in pool ${pool}`, { cause });
}
