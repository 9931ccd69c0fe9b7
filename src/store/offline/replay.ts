import { CoilError } from '../../model/error.ts';
import type { Logger } from '../../process/logger.ts';
import type { AddressRecord, IpamStore, Revision } from '../ipam-store.ts';
import type { LossReason, LostAddress } from '../store-connection.ts';
import type { Journal } from './journal.ts';
import { isSameAttachment, slotKey } from './journal-rows.ts';
import { RECORDED } from './mirror.ts';
import type { PendingChange } from './pending-changes.ts';

export interface ReplayDeps {
  readonly node: string;
  readonly remote: Pick<IpamStore, 'allocate' | 'free' | 'listAddresses'>;
  readonly journal: Journal;
  readonly onLost: (lost: readonly LostAddress[]) => void;
  readonly logger: Logger;
}

/**
 * Tells the datastore what was changed without it, the oldest change first, until nothing is left; what is changed
 * meanwhile comes too. What was told already, but for the answer, is told again without harm.
 * @throws {CoilError} store-unavailable, conflict: to be gone on with later
 */
export async function replay(deps: ReplayDeps, signal: AbortSignal): Promise<void> {
  const { journal, logger } = deps;
  let [allocated, freed] = [0, 0];
  for (;;) {
    const change = journal.read(({ pending }) => pending.first);
    if (!change) break;
    if (change.kind === 'allocate') allocated += await replayAllocation(deps, change, signal);
    else freed += await replayFreeing(deps, change, signal);
  }
  if (allocated + freed > 0) logger.info('told the datastore what was changed without it', { allocated, freed });
}

/** Gives how many addresses the datastore has recorded now. */
async function replayAllocation(
  deps: ReplayDeps,
  { revision, records }: PendingChange,
  signal: AbortSignal,
): Promise<number> {
  const { journal } = deps;
  journal.write(({ pending }) => pending.markAsked(revision));
  let left: readonly AddressRecord[] = records;
  let recorded = 0;
  while (left.length > 0) {
    const before = left.length;
    const settled = await ask(deps, left, signal);
    settle(deps, settled, revision);
    recorded += settled.done.length;
    const gone = new Set([...settled.done, ...settled.lost.map(({ record }) => record)].map(slotKey));
    left = left.filter((record) => !gone.has(slotKey(record)));
    if (left.length === before) throw new CoilError('conflict', 'the datastore settles none of some addresses');
  }
  return recorded;
}

interface Settled {
  /** As the datastore has them. */
  readonly done: readonly AddressRecord[];
  readonly lost: readonly LostAddress[];
}

/** What was freed while the datastore was asked is not given back, and not lost. */
function settle({ journal, onLost }: ReplayDeps, { done, lost }: Settled, revision: Revision): void {
  for (const record of done) journal.clock.heard(record.revision);
  const reported = journal.write((tables) => {
    const isStill = (record: AddressRecord) => tables.mirror.at(record)?.revision === revision;
    for (const record of done) if (isStill(record)) tables.mirror.put(record, RECORDED);
    const theirs = lost.filter(({ record }) => isStill(record));
    for (const each of theirs) tables.lost.add(each);
    for (const { record } of theirs) tables.mirror.remove(record);
    return theirs;
  });
  onLost(reported);
}

/** One transaction: all of the addresses, or it tells which of them cannot be. */
async function ask(
  { remote, node }: ReplayDeps,
  records: readonly AddressRecord[],
  signal: AbortSignal,
): Promise<Settled> {
  const losing = (some: readonly AddressRecord[], reason: LossReason): readonly LostAddress[] =>
    some.map((record) => ({ record, reason }));
  const { assignment } = records[0]!;
  try {
    const slots = records.map(({ block, offset }) => ({ block, offset }));
    const answer = await remote.allocate({ node, slots, assignment }, signal);
    if (answer.outcome === 'allocated') return { done: answer.records, lost: [] };
    if (answer.outcome === 'not-owned') {
      const isIn = (record: AddressRecord) => answer.blocks.some((block) => block.equals(record.block));
      return { done: [], lost: losing(records.filter(isIn), "its block is not this node's any more") };
    }
    const done = answer.records.filter((record) => isSameAttachment(record.assignment, assignment));
    const others = new Set(answer.records.filter((record) => !done.includes(record)).map(slotKey));
    const taken = records.filter((record) => others.has(slotKey(record)));
    return { done, lost: losing(taken, 'it is assigned to another') };
  } catch (error) {
    // a value that somebody broke holds nothing else up
    if (!CoilError.is(error, 'corrupt-data')) throw error;
    return { done: [], lost: losing(records, 'the datastore refused it') };
  }
}

/** Frees what the datastore has recorded of the attachment at that address; of anybody else's it takes nothing. */
async function replayFreeing(
  { remote, journal, logger }: ReplayDeps,
  { revision, records: [record] }: PendingChange & { readonly kind: 'free' },
  signal: AbortSignal,
): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await findAt(remote, record, signal);
    const isTheirs = found !== undefined && isSameAttachment(found.assignment, record.assignment);
    const answer = isTheirs ? await remote.free([found], signal) : undefined;
    if (answer?.outcome === 'changed') continue;
    if (!answer && found) logger.info('an address that was freed is assigned to another by now', { found });
    journal.write((tables) => {
      tables.pending.removeFreed(record, revision);
      if (answer) tables.hearOf(record, answer.revision);
    });
    return answer ? 1 : 0;
  }
  throw new CoilError('conflict', `the assignment of ${record.block.nth(record.offset)} changes all the time`);
}

const ATTEMPTS = 5;

async function findAt(
  remote: ReplayDeps['remote'],
  { block, offset }: AddressRecord,
  signal: AbortSignal,
): Promise<AddressRecord | undefined> {
  // a value that somebody broke holds nothing else up; the watch tells of it
  return (await remote.listAddresses(block, signal, [])).find((record) => record.offset === offset);
}
