import { CoilError } from '../../model/error.ts';
import { Backoff } from '../../process/backoff.ts';
import type { Logger } from '../../process/logger.ts';
import type { IpamStore, NodeChange, NodeSnapshot, Revision } from '../ipam-store.ts';
import type { LostAddress } from '../store-connection.ts';
import type { Connection } from './connection.ts';
import type { Journal } from './journal.ts';
import type { AddressRow } from './journal-rows.ts';
import type { UnderWay } from './mirror.ts';
import { replay } from './replay.ts';

/** How long a journal that missed something is left so: its disk may be full. */
const MENDING_MS = 10_000;

export interface NodeFollowerDeps extends UnderWay {
  readonly node: string;
  readonly remote: IpamStore;
  readonly journal: Journal;
  readonly connection: Connection;
  /** Whether somebody waits for the datastore's answer about an address. */
  readonly isAskedFor: (row: AddressRow) => boolean;
  /** Changes that were begun without the datastore, and are not in the journal yet. */
  readonly underWay: ReadonlySet<Promise<unknown>>;
  readonly onLost: (lost: readonly LostAddress[]) => void;
  readonly logger: Logger;
  readonly backoff?: Backoff | undefined;
}

/**
 * The port's `watchNode`, which goes on while the datastore cannot be reached, with what the journal has; and the one
 * place where it is found that it can be reached again.
 */
export class NodeFollower {
  readonly #deps: NodeFollowerDeps;
  readonly #backoff: Backoff;
  /** Whether this process has read the datastore that the journal is a copy from. */
  #hasRead = false;
  /** When the journal could not be written last, by `performance.now()`; undefined where it has all. */
  #missedAt: number | undefined;

  constructor(deps: NodeFollowerDeps) {
    this.#deps = deps;
    this.#backoff = deps.backoff ?? new Backoff({ baseMs: 200, maxMs: 5_000 });
  }

  /** @throws {CoilError} store-unavailable where neither the datastore nor the journal has the node's state */
  async *follow(signal: AbortSignal): AsyncGenerator<NodeSnapshot | NodeChange, void, undefined> {
    const { connection, journal, logger } = this.#deps;
    // who served this node until now may have changed something
    journal.read((tables) => tables.hearAll());
    let isTold = false;
    for (;;) {
      if (!isTold && !connection.isOnline) {
        yield await this.#known(signal);
        isTold = true;
      }
      let isReading = false;
      try {
        for await (const change of this.#read(signal)) {
          yield change;
          [isTold, isReading] = [true, true];
          if (change.kind === 'snapshot') await this.#catchUp(signal);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!CoilError.is(error, 'store-unavailable') && connection.isOnline) throw error;
        // a member that restarts ends the watch only
        if (isReading && connection.isOnline) {
          logger.warn('lost the watch of the datastore; beginning anew', { error });
        } else {
          if (!isTold && journal.snapshot === undefined) throw error;
          connection.lost(error);
          if (!isTold) continue;
        }
      }
      if (signal.aborted) return;
      await this.#backoff.wait(signal).catch(() => undefined);
    }
  }

  /** What the journal has. From now on it is relied on, so whoever was not answered may find it. */
  async #known(signal: AbortSignal): Promise<NodeSnapshot> {
    const { journal, connection } = this.#deps;
    await journal.commit(({ local }) => local.answerAll(), signal);
    const { snapshot } = journal;
    if (snapshot) return snapshot;
    const message = 'the datastore cannot be reached, and the journal knows nothing of this node yet';
    throw new CoilError('store-unavailable', message, { cause: connection.outage?.error });
  }

  /** The datastore's snapshot and changes, as far as they agree with what was changed without it. */
  async *#read(signal: AbortSignal): AsyncGenerator<NodeSnapshot | NodeChange, void, undefined> {
    const { remote, node, journal, connection } = this.#deps;
    const known = Math.floor(journal.clock.newest);
    const round = AbortSignal.any([signal, connection.round]);
    for await (const change of remote.watchNode(node, round)) {
      if (change.kind === 'snapshot') yield this.#merge(change, known);
      else {
        const isNews = !this.#isOutdated(change);
        this.#apply(change);
        if (isNews) yield change;
      }
    }
    throw round.reason ?? new CoilError('store-unavailable', 'the datastore ended the watch');
  }

  /** @param known the newest revision when the snapshot was asked for */
  #merge(snapshot: NodeSnapshot, known: Revision): NodeSnapshot {
    const { journal, connection, isAskedFor, isReturning, isFreeing, onLost } = this.#deps;
    const origin = journal.read(({ datastore }) => datastore);
    const isAnother = origin !== undefined && snapshot.datastore !== undefined && origin !== snapshot.datastore;
    // a cluster that was made anew out of a backup has another name, but only the process that used both knows
    const isForeign = isAnother && !this.#hasRead;
    if (isForeign) this.#forgetAnother(origin);
    const isRestored = !isForeign && (isAnother || snapshot.revision < known);
    if (isRestored)
      this.#deps.logger.warn('the datastore has gone back to an earlier state; telling it what it forgot');
    try {
      onLost(journal.write((tables) => tables.merge(snapshot, { isRestored, isAskedFor, isReturning, isFreeing })));
      this.#missedAt = undefined;
    } catch (error) {
      // what waits must not be forgotten; without that, the datastore has all that is needed
      if (journal.read(({ pending }) => pending.count) > 0) throw error;
      this.#missed(error);
      return snapshot;
    }
    this.#hasRead = true;
    if (journal.read(({ pending }) => pending.count) > 0) connection.behind();
    // of what others have changed, no more is known than the datastore told
    const { newest } = journal.clock;
    const revision = Math.floor(newest) === snapshot.revision ? newest : snapshot.revision;
    const { unreadablePools = new Map(), unreadable, repaired } = snapshot;
    return { ...journal.snapshot!, revision, unreadablePools, unreadable, repaired };
  }

  /** Whether the journal knows what has become of the address since: what the datastore was told overtakes the watch. */
  #isOutdated(change: NodeChange): boolean {
    if (change.kind !== 'address') return false;
    const { journal } = this.#deps;
    // to write what was noted for each change would cost a transaction
    return journal.peek((tables) => tables.isOutdated(change)) && journal.read((tables) => tables.isOutdated(change));
  }

  /** @throws {CoilError} store-unavailable: the journal missed something, and is to be put right by a snapshot */
  #apply(change: NodeChange): void {
    const { journal, onLost } = this.#deps;
    journal.clock.heard(change.revision);
    try {
      // of an address nothing is lost, and the node's own come back to it here
      if (change.kind === 'address') journal.note((tables) => tables.apply(change), this.#missed.bind(this));
      else onLost(journal.write((tables) => tables.apply(change)));
    } catch (error) {
      this.#missed(error);
    }
    if (this.#missedAt === undefined || performance.now() - this.#missedAt < MENDING_MS) return;
    throw new CoilError('store-unavailable', 'the journal missed a change, as it could not be written');
  }

  #missed(error: unknown): void {
    this.#missedAt = performance.now();
    this.#deps.logger.error('cannot keep the journal up to date', { error });
  }

  #forgetAnother(origin: string): void {
    const { journal, onLost, logger } = this.#deps;
    logger.error('the journal is of another datastore; it is not used', { journal: origin });
    const lost = journal.write((tables) => {
      const given = tables.pendingAddresses.map(
        (record) => ({ record, reason: 'the datastore is another one' }) as const,
      );
      for (const each of given) tables.lost.add(each);
      tables.clear();
      return given;
    });
    journal.clock.reset(0);
    onLost(lost);
  }

  async #catchUp(signal: AbortSignal): Promise<void> {
    const { underWay, connection, remote } = this.#deps;
    // one that is full or read-only answers too
    if (!connection.isOnline) await remote.checkWritable(signal);
    do {
      await Promise.allSettled(underWay);
      await replay(this.#deps, signal);
      // who began before this moment did so without the datastore, who comes after it asks that
    } while (underWay.size > 0);
    this.#backoff.reset();
    connection.restored();
  }
}
