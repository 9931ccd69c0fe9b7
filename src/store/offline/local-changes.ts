import type { IpPrefix } from '../../model/ip-prefix.ts';
import type { AllocateOutcome, AllocateRequest, FreeOutcome, FreeRequest, Revision } from '../ipam-store.ts';
import type { LostAddress } from '../store-connection.ts';
import { type AddressRow, isSameAttachment, recordOf } from './journal-rows.ts';
import type { Mirror } from './mirror.ts';
import type { PendingChanges } from './pending-changes.ts';
import type { RevisionClock } from './revision-clock.ts';

export interface LocalChangesDeps {
  readonly mirror: Mirror;
  readonly pending: PendingChanges;
  readonly clock: RevisionClock;
}

/**
 * The store's changes of addresses, decided by the mirror alone. To be called within a transaction, which is on disk
 * before anybody is told of the outcome.
 */
export class LocalChanges {
  readonly #deps: LocalChangesDeps;

  constructor(deps: LocalChangesDeps) {
    this.#deps = deps;
  }

  /** As the store's. @throws {CoilError} store-unavailable */
  allocate({ slots, assignment }: AllocateRequest): AllocateOutcome {
    const { mirror, clock } = this.#deps;
    const refused = this.#refusal(slots.map((slot) => ({ slot, row: mirror.at(slot) })));
    if (refused) return refused;
    const revision = clock.next();
    const records = slots.map((slot) => ({ ...slot, assignment, revision }));
    for (const record of records) mirror.put(record, { asked: 0, answered: 1 });
    return { outcome: 'allocated', records };
  }

  /**
   * What was asked for at `revision`, and is known not to have been answered: it holds from now on. Where it cannot, the
   * datastore is told so: it may have done it.
   */
  keep({ slots, assignment }: AllocateRequest, revision: Revision): AllocateOutcome {
    const { mirror, pending, clock } = this.#deps;
    const found = slots.map((slot) => ({ slot, row: mirror.at(slot) }));
    const refused = this.#refusal(
      // the watch may have told of it meanwhile
      found.map(({ slot, row }) => ({ slot, row: row && isOf(row, { assignment }) ? undefined : row })),
    );
    if (refused) {
      const freedAt = clock.next();
      for (const slot of slots) pending.addFreed({ ...slot, assignment, revision }, freedAt);
      return refused;
    }
    const records = found.map(({ slot, row }) => ({ ...slot, assignment, revision: row?.revision ?? revision }));
    for (const record of records) mirror.put(record, { asked: 1, answered: 1 });
    return { outcome: 'allocated', records };
  }

  #refusal(
    found: readonly { readonly slot: AllocateRequest['slots'][number]; readonly row: AddressRow | undefined }[],
  ): AllocateOutcome | undefined {
    const blocks = new Map(found.map(({ slot: { block } }) => [block.toString(), block]));
    const lost = [...blocks.values()].filter((block) => !this.#deps.mirror.owns(block));
    if (lost.length > 0) return { outcome: 'not-owned', blocks: lost };
    const taken = found.flatMap(({ row }) => (row ? [recordOf(row)] : []));
    return taken.length > 0 ? { outcome: 'taken', records: taken } : undefined;
  }

  /** As the store's. @throws {CoilError} store-unavailable */
  free(addresses: readonly FreeRequest[]): FreeOutcome {
    const { mirror, pending, clock } = this.#deps;
    const rows = addresses.map((address) => ({ address, row: mirror.at(address) }));
    if (!rows.every(({ address, row }) => row?.revision === address.revision)) return { outcome: 'changed' };
    const revision = clock.next();
    for (const { address, row } of rows) {
      // what the datastore was never asked for, it need not free
      if (row!.asked) pending.addFreed(recordOf(row!), revision);
      mirror.remove(address);
    }
    return { outcome: 'freed', revision };
  }

  /** Answers in the place of the datastore what that was asked for: from now on it is used, or free. */
  answerAll(): void {
    const { mirror } = this.#deps;
    mirror.answerAll();
    const freeing = mirror.freeing.map(recordOf);
    if (freeing.length > 0) this.free(freeing);
  }

  /** Takes a block out of the mirror; gives the addresses of it that Pods still have. */
  loseBlock(block: IpPrefix): readonly LostAddress[] {
    this.#deps.mirror.removeBlock(block);
    return this.loseAddresses(block, Number.POSITIVE_INFINITY);
  }

  /** Takes a block's addresses from before a revision out of the mirror, and gives them. */
  loseAddresses(block: IpPrefix, before: Revision): readonly LostAddress[] {
    const { mirror } = this.#deps;
    // of one that nobody has been told of yet, the answer decides: the node may own the block anew by then
    const lost = mirror.addressesOf(block).filter(({ revision, answered }) => answered && revision < before);
    for (const row of lost) mirror.remove(recordOf(row));
    return lost.map((row) => ({ record: recordOf(row), reason: "its block is not this node's any more" }));
  }
}

function isOf({ assignment }: AddressRow, request: Pick<AllocateRequest, 'assignment'>): boolean {
  return isSameAttachment(JSON.parse(assignment), request.assignment);
}
