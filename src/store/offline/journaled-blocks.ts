import { CoilError } from '../../model/error.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import type { AcquiredBlock, BlockRequest, IpamStore, PoolBlock, ReleaseOutcome } from '../ipam-store.ts';
import type { LostAddress } from '../store-connection.ts';
import type { Connection } from './connection.ts';
import type { Journal } from './journal.ts';

export interface JournaledBlocksDeps {
  readonly remote: Pick<IpamStore, 'acquireBlock' | 'releaseBlock'>;
  readonly journal: Journal;
  readonly connection: Connection;
  readonly onLost: (lost: readonly LostAddress[]) => void;
}

/** The store's changes of blocks: only the datastore can make them, and the journal never has a block too many. */
export class JournaledBlocks {
  readonly #deps: JournaledBlocksDeps;
  readonly #returning = new Set<string>();

  constructor(deps: JournaledBlocksDeps) {
    this.#deps = deps;
  }

  /** Whether the datastore is being asked to take a block back. */
  isReturning(block: IpPrefix): boolean {
    return this.#returning.has(block.toString());
  }

  async acquire(
    request: BlockRequest,
    signal: AbortSignal,
    unreadable: CoilError[] | undefined,
  ): Promise<AcquiredBlock> {
    const { remote, journal, onLost } = this.#deps;
    const acquired = await this.#reached((until) => remote.acquireBlock(request, until, unreadable), signal);
    onLost(journal.write((tables) => tables.ownBlock(acquired)));
    return acquired;
  }

  async release(node: string, owned: PoolBlock, signal: AbortSignal): Promise<ReleaseOutcome> {
    const { remote, journal, connection, onLost } = this.#deps;
    const { block } = owned;
    if (!connection.isOnline) throw this.#unreachable();
    const key = block.toString();
    const asked = journal.clock.newest;
    // before the datastore is asked: another node may have it as soon as that has answered
    journal.write(({ mirror }) => mirror.leaveBlock(block));
    const keep = () => journal.write(({ mirror }) => mirror.keepBlock(block));
    this.#returning.add(key);
    try {
      const answer = await this.#reached((until) => remote.releaseBlock(node, owned, until), signal);
      if (answer.outcome === 'not-empty') keep();
      else if (answer.outcome === 'released') journal.write((tables) => tables.returnBlock(block, answer.revision));
      else onLost(journal.write((tables) => tables.missBlock(block, asked)));
      return answer;
    } catch (error) {
      if (!CoilError.isUncertain(error, signal)) keep();
      throw error;
    } finally {
      this.#returning.delete(key);
    }
  }

  async #reached<T>(call: (until: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { connection } = this.#deps;
    // one that is just being told what was changed without it answers too
    if (connection.outage) throw this.#unreachable();
    try {
      return await connection.call(call, signal);
    } catch (error) {
      if (!signal.aborted && CoilError.is(error, 'store-unavailable')) connection.lost(error);
      throw error;
    }
  }

  #unreachable(): CoilError {
    const { outage } = this.#deps.connection;
    const message = outage
      ? `blocks cannot be acquired or returned: the datastore has not been reached since ${outage.since.toISOString()}`
      : 'no block can be returned before the datastore was told what was changed without it';
    return new CoilError('store-unavailable', message, { cause: outage?.error, unchanged: true });
  }
}
