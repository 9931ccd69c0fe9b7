import { CoilError } from '../../model/error.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import type { Logger } from '../../process/logger.ts';
import type {
  AddressRecord,
  AllocateOutcome,
  AllocateRequest,
  FreeOutcome,
  FreeRequest,
  IpamStore,
  Revision,
} from '../ipam-store.ts';
import type { LostAddress } from '../store-connection.ts';
import type { Connection } from './connection.ts';
import type { Journal } from './journal.ts';
import { recordOf, slotKey } from './journal-rows.ts';
import type { JournalTables } from './journal-tables.ts';
import { isPending } from './revision-clock.ts';

export interface JournaledAddressesDeps {
  readonly remote: Pick<IpamStore, 'allocate' | 'free' | 'listAddresses'>;
  readonly journal: Journal;
  readonly connection: Connection;
  readonly onLost: (lost: readonly LostAddress[]) => void;
  readonly logger: Logger;
}

/** The store's changes of addresses, by the datastore as long as it can be reached, and else by the journal. */
export class JournaledAddresses {
  readonly #deps: JournaledAddressesDeps;
  /** Slots that the datastore was asked for, and that somebody waits for. */
  readonly #askedFor = new Set<string>();
  /** Slots that the datastore is asked to free. */
  readonly #freeing = new Set<string>();

  readonly #underWay = new Set<Promise<unknown>>();

  constructor(deps: JournaledAddressesDeps) {
    this.#deps = deps;
  }

  /** Changes that were begun without the datastore, and are not in the journal yet. */
  get underWay(): ReadonlySet<Promise<unknown>> {
    return this.#underWay;
  }

  isAskedFor(slot: { readonly block: string; readonly offset: number }): boolean {
    return this.#askedFor.has(slotKey(slot));
  }

  /** Whether the datastore is being asked to free an address. */
  isFreeing(slot: { readonly block: string; readonly offset: number }): boolean {
    return this.#freeing.has(slotKey(slot));
  }

  async allocate(request: AllocateRequest, signal: AbortSignal): Promise<AllocateOutcome> {
    const { connection, remote } = this.#deps;
    signal.throwIfAborted();
    if (!connection.isOnline) return await this.#commit(({ local }) => local.allocate(request), signal);
    const keys = request.slots.map(slotKey);
    for (const key of keys) this.#askedFor.add(key);
    try {
      const revision = this.#note(request);
      try {
        const answer = await connection.call((until) => remote.allocate(request, until), signal);
        this.#settle(request, answer, revision);
        return answer;
      } catch (error) {
        // nobody knows whether it was done: the next snapshot tells
        if (signal.aborted) throw error;
        if (!CoilError.is(error, 'store-unavailable')) {
          this.#withdraw(request, revision);
          throw error;
        }
        connection.lost(error);
        return await this.#commit(({ local }) => local.keep(request, revision), signal);
      }
    } finally {
      for (const key of keys) this.#askedFor.delete(key);
    }
  }

  async free(addresses: readonly FreeRequest[], signal: AbortSignal): Promise<FreeOutcome> {
    const { connection, remote } = this.#deps;
    signal.throwIfAborted();
    if (connection.isOnline) {
      // the watch has not told yet at which revision the datastore recorded it
      if (addresses.some(({ revision }) => isPending(revision))) return { outcome: 'changed' };
      this.#noteFreeing(addresses, true);
      const keys = addresses.map(slotKey);
      for (const key of keys) this.#freeing.add(key);
      try {
        const answer = await connection.call((until) => remote.free(addresses, until), signal);
        if (answer.outcome === 'freed') this.#forget(addresses, answer.revision);
        else this.#noteFreeing(addresses, false);
        return answer;
      } catch (error) {
        if (signal.aborted) throw error;
        if (!CoilError.is(error, 'store-unavailable')) {
          this.#noteFreeing(addresses, false);
          throw error;
        }
        connection.lost(error);
      } finally {
        for (const key of keys) this.#freeing.delete(key);
      }
    }
    return await this.#commit(({ local }) => local.free(addresses), signal);
  }

  async list(
    block: IpPrefix,
    signal: AbortSignal,
    unreadable: CoilError[] | undefined,
  ): Promise<readonly AddressRecord[]> {
    const { journal, connection, remote } = this.#deps;
    if (connection.isOnline) {
      try {
        return await connection.call((until) => remote.listAddresses(block, until, unreadable), signal);
      } catch (error) {
        if (signal.aborted || !CoilError.is(error, 'store-unavailable')) throw error;
        connection.lost(error);
      }
    }
    return journal.read(({ mirror }) => mirror.addressesOf(block).map(recordOf));
  }

  async #commit<T>(change: (tables: JournalTables) => T, signal: AbortSignal): Promise<T> {
    const committed = this.#deps.journal.commit(change, signal);
    this.#underWay.add(committed);
    try {
      return await committed;
    } finally {
      this.#underWay.delete(committed);
    }
  }

  /**
   * Before the datastore is asked: should this process end before it is answered, and find the datastore gone, the
   * addresses are not given to anybody else. @throws {CoilError} store-unavailable: nothing was changed
   */
  #note({ slots, assignment }: AllocateRequest): Revision {
    return this.#deps.journal.write(({ mirror }) => {
      const revision = this.#deps.journal.clock.next();
      for (const slot of slots) {
        if (!mirror.at(slot)) mirror.put({ ...slot, assignment, revision }, { asked: 1, answered: 0 });
      }
      return revision;
    });
  }

  #settle(request: AllocateRequest, answer: AllocateOutcome, noted: Revision): void {
    if (answer.outcome !== 'allocated') this.#withdraw(request, noted);
    if (answer.outcome === 'not-owned') {
      this.#write((tables) => this.#deps.onLost(answer.blocks.flatMap((block) => tables.missBlock(block, noted))));
      return;
    }
    this.#tell((tables) => {
      for (const record of answer.records) tables.recordAddress(record);
    });
    for (const { revision } of answer.records) this.#deps.journal.clock.heard(revision);
  }

  #withdraw({ slots }: AllocateRequest, noted: Revision): void {
    this.#write(({ mirror }) => {
      for (const slot of slots) if (mirror.at(slot)?.revision === noted) mirror.remove(slot);
    });
  }

  /** Should nobody hear the answer, and the datastore be gone then, they are free: an ADD must not find them given. */
  #noteFreeing(addresses: readonly FreeRequest[], isAsked: boolean): void {
    this.#write(({ mirror }) => {
      for (const address of addresses)
        if (mirror.at(address)?.revision === address.revision) mirror.setFreeing(address, { isAsked });
    });
  }

  #forget(addresses: readonly FreeRequest[], revision: Revision): void {
    this.#deps.journal.clock.heard(revision);
    this.#tell((tables) => {
      for (const address of addresses) tables.freeAddress(address, revision);
    });
  }

  #write(change: Parameters<Journal['write']>[0]): void {
    try {
      this.#deps.journal.write(change);
    } catch (error) {
      this.#missed(error);
    }
  }

  /** What the datastore answered: an ADD need not wait for it. */
  #tell(change: Parameters<Journal['note']>[0]): void {
    this.#deps.journal.note(change, this.#missed.bind(this));
  }

  /** What the datastore has done is done: a mirror that lacks it takes an address for used that is free. */
  #missed(error: unknown): void {
    this.#deps.logger.error('cannot keep the journal up to date', { error });
  }
}
