import { CoilError } from '../../model/error.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import { errorText } from '../../process/error-text.ts';
import type {
  AcquiredBlock,
  AddressRecord,
  AddressSlot,
  FreeRequest,
  NodeChange,
  NodeSnapshot,
  PoolBlock,
  Revision,
} from '../ipam-store.ts';
import type { SqliteDatabase } from '../sqlite/sqlite-database.ts';
import type { LostAddress } from '../store-connection.ts';
import { isSameAttachment, recordOf, slotKey } from './journal-rows.ts';
import { LocalChanges } from './local-changes.ts';
import { LostAddresses } from './lost-addresses.ts';
import { type MergeOptions, mergeSnapshot } from './merge-snapshot.ts';
import { Mirror, NOTHING_UNDER_WAY, RECORDED } from './mirror.ts';
import { News } from './news.ts';
import { PendingChanges } from './pending-changes.ts';
import { isPending, type RevisionClock } from './revision-clock.ts';

export interface JournalOwner {
  readonly node: string;
  readonly prefix: string;
  readonly path: string;
}

interface OriginRow {
  readonly node: string;
  readonly prefix: string;
  readonly datastore: string | null;
  readonly revision: number | null;
}

/** The journal's tables, as one connection sees them. */
export class JournalTables {
  readonly mirror: Mirror;
  readonly pending: PendingChanges;
  readonly lost: LostAddresses;
  readonly local: LocalChanges;
  readonly #db: SqliteDatabase;
  readonly #clock: RevisionClock;
  readonly #blockNews = new News();
  readonly #addressNews = new News();

  constructor(db: SqliteDatabase, clock: RevisionClock) {
    this.#db = db;
    this.#clock = clock;
    this.mirror = new Mirror(db);
    this.pending = new PendingChanges(db);
    this.lost = new LostAddresses(db);
    this.local = new LocalChanges({ mirror: this.mirror, pending: this.pending, clock });
  }

  /** The datastore that this is a copy from; undefined where it is not known. */
  get datastore(): string | undefined {
    return this.#origin?.datastore ?? undefined;
  }

  /**
   * Takes what is in the file, where it is this node's, and else begins anew.
   * @throws {CoilError} invalid-argument: another's changes wait in it, which would be lost; corrupt-data
   */
  claim({ node, prefix, path }: JournalOwner): void {
    const origin = this.#origin;
    if (origin?.node === node && origin.prefix === prefix) {
      this.hearAll();
      this.#readAll(path);
      return;
    }
    if (origin && this.pending.count > 0) {
      const whose = `node ${origin.node} and prefix ${origin.prefix}`;
      throw new CoilError('invalid-argument', `${path} has changes of ${whose} that the datastore was not told of`);
    }
    if (origin) this.clear();
    this.lost.clear();
    this.#db.run('INSERT OR REPLACE INTO origin (id, node, prefix) VALUES (1, ?, ?)', node, prefix);
  }

  /** @throws {CoilError} store-unavailable: another coild has taken the file since */
  requireOwner({ node, prefix, path }: JournalOwner): void {
    const origin = this.#origin;
    if (origin?.node === node && origin.prefix === prefix) return;
    const whose = origin ? `of node ${origin.node} and prefix ${origin.prefix}` : 'empty';
    const message = `${path} is ${whose} by now; each coild needs a journal of its own, see --journal`;
    throw new CoilError('store-unavailable', message);
  }

  /** Sets the clock after every revision that stands here: another process may have written since it was opened. */
  hearAll(): void {
    this.#clock.heard(this.#origin?.revision ?? 0);
    for (const { revision } of [...this.mirror.addresses, ...this.pending.freed]) this.#clock.heard(revision);
  }

  /** What cannot be read would be in the way of everything later. */
  #readAll(path: string): void {
    try {
      this.mirror.snapshot(0);
      for (const row of [...this.mirror.addresses, ...this.pending.freed]) recordOf(row);
      void this.lost.all;
    } catch (cause) {
      if (CoilError.is(cause, 'store-unavailable')) throw cause;
      throw new CoilError('corrupt-data', `${path} is damaged: ${errorText(cause)}; move it away, and restart coild`, {
        cause,
      });
    }
  }

  /** Addresses that Pods were given without the datastore, which was not told yet. */
  get pendingAddresses(): readonly AddressRecord[] {
    return this.mirror.addresses.filter(({ answered, revision }) => answered && isPending(revision)).map(recordOf);
  }

  /** Forgets all but whose journal it is. */
  clear(): void {
    this.mirror.replace({ pools: new Map(), blocks: [], addresses: [] }, NOTHING_UNDER_WAY);
    this.pending.clear();
    this.#forgetNews();
    this.#db.run('UPDATE origin SET datastore = NULL, revision = NULL');
  }

  snapshot(): NodeSnapshot | undefined {
    const origin = this.#origin;
    return origin?.revision == null ? undefined : this.mirror.snapshot(this.#clock.newest);
  }

  /** Takes over a snapshot; gives the addresses that it does not let their Pods have. */
  merge(snapshot: NodeSnapshot, options: MergeOptions): readonly LostAddress[] {
    const { mirror, pending } = this;
    const { datastore = null, revision } = snapshot;
    if (options.isRestored) this.#forgetNews();
    const isAhead = ({ block }: PoolBlock) => this.#blockNews.isAhead(block.toString(), revision);
    const blocks = [...snapshot.blocks.filter((each) => !isAhead(each)), ...mirror.blocks.filter(isAhead)];
    const addresses = snapshot.addresses.filter((record) => !this.#addressNews.isAhead(slotKey(record), revision));
    const lost = mergeSnapshot({ mirror, pending, clock: this.#clock }, { ...snapshot, blocks, addresses }, options);
    for (const news of [this.#blockNews, this.#addressNews]) news.noteAll(revision);
    this.#db.run('UPDATE origin SET datastore = ?, revision = ?', datastore, revision);
    this.#retractLost();
    return this.#noteLost(lost);
  }

  /** Takes over a change, unless it is old news; gives the addresses that Pods lost by it. */
  apply(change: NodeChange): readonly LostAddress[] {
    this.#clock.heard(change.revision);
    if (change.kind === 'pool') this.mirror.setPool(change.name, change.pool);
    else if (change.kind === 'address') this.#applyAddress(change);
    else if (!this.#blockNews.note(change.block.toString(), change.revision)) return [];
    else if (change.owned) this.mirror.addBlock(change);
    else return this.#noteLost(this.local.loseBlock(change.block));
    return [];
  }

  /** The datastore has given the node a block, which was nobody's; gives the addresses that Pods lost before. */
  ownBlock(acquired: AcquiredBlock): readonly LostAddress[] {
    const { block, revision } = acquired;
    this.#clock.heard(revision);
    // the watch may have told of it before the answer came, and of its loss
    if (!this.#blockNews.note(block.toString(), revision)) return [];
    const lost = this.#noteLost(this.local.loseAddresses(block, revision));
    this.mirror.ownBlock(acquired);
    return lost;
  }

  /** The datastore has answered what it was asked at `asked`: the block is not the node's. Gives as `ownBlock`. */
  missBlock(block: IpPrefix, asked: Revision): readonly LostAddress[] {
    // the node has come to own it since
    if (this.#blockNews.isAhead(block.toString(), asked)) return [];
    return this.#noteLost(this.local.loseBlock(block));
  }

  /** The datastore has taken a block back. */
  returnBlock(block: IpPrefix, revision: Revision): void {
    this.#clock.heard(revision);
    // the node may have come to own it anew before the answer came
    if (this.#blockNews.note(block.toString(), revision)) this.mirror.removeBlock(block);
  }

  /** The datastore has answered that an address is assigned so. */
  recordAddress(record: AddressRecord): void {
    this.#clock.heard(record.revision);
    if (!this.#addressNews.note(slotKey(record), record.revision)) return;
    const known = this.mirror.at(record)?.revision ?? 0;
    if (isPending(known) || known < record.revision) this.mirror.put(record, RECORDED);
  }

  /** The datastore has freed an address at `revision`. */
  freeAddress(address: FreeRequest, revision: Revision): void {
    this.#clock.heard(revision);
    this.#addressNews.note(slotKey(address), revision);
    if (this.mirror.at(address)?.revision === address.revision) this.mirror.remove(address);
    this.noteRevision();
  }

  /** The datastore has changed an address at `revision`, when the journal had another for it already. */
  hearOf(slot: AddressSlot, revision: Revision): void {
    this.#clock.heard(revision);
    this.#addressNews.note(slotKey(slot), revision);
  }

  /** The newest revision that the datastore told of is kept, though nothing else tells of it. */
  noteRevision(): void {
    this.#db.run('UPDATE origin SET revision = max(revision, ?)', Math.floor(this.#clock.newest));
  }

  /** Whether the address was given to another since, or anew, or freed, so that the change is of its past. */
  isOutdated({ slot, record, revision }: NodeChange & { readonly kind: 'address' }): boolean {
    if (this.#addressNews.isAhead(slotKey(slot), revision)) return true;
    const row = this.mirror.at(slot);
    // who is not answered yet does not have it
    if (!row?.answered || (record && isSameAttachment(recordOf(row).assignment, record.assignment))) return false;
    return isPending(row.revision) || row.revision > revision;
  }

  #applyAddress({ slot, record, revision }: NodeChange & { readonly kind: 'address' }): void {
    if (!this.#addressNews.note(slotKey(slot), revision)) return;
    const row = this.mirror.at(slot);
    if (!record) {
      if (!row || isPending(row.revision) || row.revision > revision) return;
      this.mirror.remove(slot);
      this.noteRevision();
    } else if (!row || isOlder(row.revision, record.revision) || isSame(row, record)) {
      this.mirror.put(record, RECORDED);
      this.#retractLost();
    }
    function isSame(known: NonNullable<typeof row>, told: NonNullable<typeof record>): boolean {
      return isPending(known.revision) && isSameAttachment(recordOf(known).assignment, told.assignment);
    }
  }

  #noteLost(lost: readonly LostAddress[]): readonly LostAddress[] {
    for (const each of lost) this.lost.add(each);
    return lost;
  }

  /** Whoever has got an address back, by a change of its that was done late, has not lost it. */
  #retractLost(): void {
    for (const { record } of this.lost.all) {
      const row = this.mirror.at(record);
      if (row && isSameAttachment(recordOf(row).assignment, record.assignment)) this.lost.remove(record);
    }
  }

  #forgetNews(): void {
    this.#blockNews.clear();
    this.#addressNews.clear();
  }

  get #origin(): OriginRow | undefined {
    return this.#db.get<OriginRow>('SELECT node, prefix, datastore, revision FROM origin');
  }
}

/** Whether the datastore told of it, and has told of something newer since. */
function isOlder(known: number, told: number): boolean {
  return !isPending(known) && known < told;
}
