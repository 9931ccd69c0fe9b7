import type { AddressRecord, NodeSnapshot } from '../ipam-store.ts';
import type { LossReason, LostAddress } from '../store-connection.ts';
import { type AddressRow, isSameAttachment, recordOf, slotKey } from './journal-rows.ts';
import type { LocalChangesDeps } from './local-changes.ts';
import type { UnderWay } from './mirror.ts';
import { isPending } from './revision-clock.ts';

export interface MergeOptions extends UnderWay {
  /** Whether the datastore has gone back to an earlier state: what it does not know any more, it is told again. */
  readonly isRestored: boolean;
  /** Whether somebody waits for the answer about an address. */
  readonly isAskedFor: (row: AddressRow) => boolean;
}

/** What goes on top of what the datastore says. */
interface Overlay {
  /** Given out here, and to be told. */
  readonly given: AddressRow[];
  /** Freed here, or to be: and to be told. */
  readonly freed: AddressRecord[];
  /** Told by the datastore, in answers that were quicker than the snapshot. */
  readonly newer: AddressRecord[];
  readonly lost: LostAddress[];
}

/**
 * Makes the mirror what the datastore says, with what is to be told to it on top. Gives the addresses that it does not
 * let their Pods have. To be called within a transaction.
 */
export function mergeSnapshot(
  deps: LocalChangesDeps,
  snapshot: NodeSnapshot,
  options: MergeOptions,
): readonly LostAddress[] {
  const { mirror, pending, clock } = deps;
  const owned = new Set(snapshot.blocks.map(({ block }) => block.toString()));
  const freed = pending.freed.map(recordOf).filter(({ block }) => owned.has(block.toString()));
  const told = new Map(snapshot.addresses.map((record) => [slotKey(record), record]));
  for (const record of freed) {
    const found = told.get(slotKey(record));
    if (found && isSameAttachment(found.assignment, record.assignment)) told.delete(slotKey(record));
  }
  const overlay: Overlay = { given: [], freed, newer: [], lost: [] };
  for (const row of mirror.addresses) {
    const found = told.get(slotKey(row));
    if (found && isSameAttachment(found.assignment, recordOf(row).assignment)) continue;
    if (!row.answered) {
      if (!found && owned.has(row.block) && options.isAskedFor(row)) overlay.given.push(row);
    } else if (!owned.has(row.block)) lose(overlay, row, "its block is not this node's any more");
    else if (isPending(row.revision) || options.isRestored) giveAnyhow(overlay, row, { told, ...options });
    // otherwise somebody else has freed it
    else if (row.revision > snapshot.revision) overlay.newer.push(recordOf(row));
  }
  if (options.isRestored) clock.reset(snapshot.revision);
  else clock.heard(snapshot.revision);
  mirror.replace({ ...snapshot, addresses: [...told.values(), ...overlay.newer] }, options);
  putOnTop(deps, overlay, { isKept: (old) => !options.isRestored && old > snapshot.revision });
  return overlay.lost;
}

function giveAnyhow(
  overlay: Overlay,
  row: AddressRow,
  { told, isRestored }: { readonly told: Map<string, AddressRecord>; readonly isRestored: boolean },
): void {
  const found = told.get(slotKey(row));
  if (found && !isRestored) {
    lose(overlay, row, 'it is assigned to another');
    return;
  }
  overlay.given.push(row);
  if (!found) return;
  // of an earlier time: this node has freed it since
  overlay.freed.push({ ...found, revision: 0 });
  told.delete(slotKey(row));
}

function lose({ lost }: Overlay, row: AddressRow, reason: LossReason): void {
  lost.push({ record: recordOf(row), reason });
}

/** What is to be told keeps its order, and comes after all that the datastore told of. */
function putOnTop(
  { mirror, pending, clock }: LocalChangesDeps,
  { given, freed }: Overlay,
  { isKept }: { readonly isKept: (old: number) => boolean },
): void {
  const old = [...new Set([...given, ...freed].map(({ revision }) => revision))].sort((a, b) => a - b);
  const numbers = new Map(
    old.every(isKept) ? old.map((each) => [each, each]) : old.map((each) => [each, clock.next()]),
  );
  for (const row of given) mirror.put({ ...recordOf(row), revision: numbers.get(row.revision)! }, row);
  pending.clear();
  for (const record of freed) pending.addFreed(record, numbers.get(record.revision)!);
}
