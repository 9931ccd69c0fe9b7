import type { AddressPool } from '../model/address-pool.ts';
import { BlockAllocator } from '../model/block-allocator.ts';
import type { IpAddress, IpFamily } from '../model/ip-address.ts';
import type { IpPrefix } from '../model/ip-prefix.ts';
import { RecentRevisions } from '../process/recent-revisions.ts';
import type { AddressRecord, AddressSlot, NodeChange, NodeSnapshot, PoolBlock, Revision } from '../store/ipam-store.ts';
import { NodePools } from './node-pools.ts';
import type { OwnedBlock } from './owned-block.ts';

/** Whose addresses are looked for; without `ifname`, those of any of the container's interfaces. */
export interface AttachmentKey {
  readonly containerId: string;
  readonly ifname?: string;
}

/** Not a prefix's spelling, which is a block's key. */
const slotKey = ({ block, offset }: AddressSlot) => `${block.address}#${offset}`;

/**
 * What the node knows of its blocks and addresses: a copy of the datastore, brought up to date by a watch and by the
 * node's own calls, whichever comes first. It only saves asking: the datastore's transactions decide. Not a line in it
 * waits for anything, so it is consistent between any two awaits of its users.
 */
export class NodeState {
  readonly #restMs: number;
  readonly #clock: () => number;
  readonly #pools = new NodePools();
  readonly #blocks = new Map<string, OwnedBlock>();
  readonly #records = new Map<string, AddressRecord>();
  /** Slots that a transaction under way asks for: not to be given out, though nobody has them yet. */
  readonly #pending = new Map<string, AddressSlot>();
  /** Those of them whose transaction got no answer. */
  readonly #doubtful = new Set<AddressSlot>();
  /** The newest revision that each slot and block was heard of at, so that older news changes nothing. */
  readonly #heard = new RecentRevisions();
  /** The newest revision that the datastore told of by itself. */
  #revision: Revision = 0;
  /** The last snapshot's: it told all that was so then, and nothing older is news any more. */
  #snapshotRevision: Revision = 0;

  constructor(options: { restMs: number }, deps: { clock: () => number }) {
    this.#restMs = options.restMs;
    this.#clock = deps.clock;
  }

  get pools(): ReadonlyMap<string, AddressPool> {
    return this.#pools.readable;
  }

  /** In the order in which the node came to own them. */
  get blocks(): readonly OwnedBlock[] {
    return [...this.#blocks.values()];
  }

  get records(): readonly AddressRecord[] {
    return [...this.#records.values()];
  }

  /**
   * The pool that Pods of `namespace` take their addresses from; undefined where there is not even a default one.
   * @throws {CoilError} corrupt-data: it is there, and cannot be read
   */
  poolOf(namespace: string): { name: string; pool: AddressPool } | undefined {
    return this.#pools.of(namespace);
  }

  blocksOf(pool: string, family: IpFamily): readonly OwnedBlock[] {
    return this.blocks.filter((owned) => owned.pool === pool && owned.block.family === family);
  }

  /** The addresses of one attachment, the oldest first. What v1 recorded has no interface, and is that of any. */
  find({ containerId, ifname }: AttachmentKey): readonly AddressRecord[] {
    const found = this.records.filter(({ assignment }) => {
      if (assignment.containerId !== containerId || containerId === '') return false;
      return ifname === undefined || assignment.ifname === undefined || assignment.ifname === ifname;
    });
    return found.toSorted((a, b) => a.revision - b.revision);
  }

  /** The addresses of a Pod that Coil before 1.0.2 recorded, without its container. */
  findWithoutContainer(namespace: string, pod: string): readonly AddressRecord[] {
    return this.records.filter(
      ({ assignment: a }) => a.containerId === '' && a.namespace === namespace && a.pod === pod && pod !== '',
    );
  }

  // --- from the datastore

  /** Takes over a snapshot, but for what is known to have changed since. */
  reset(snapshot: NodeSnapshot): void {
    if (snapshot.revision < Math.floor(this.#revision)) this.#goBack(snapshot.revision);
    this.#revision = snapshot.revision;
    this.#snapshotRevision = 0;
    this.#pools.reset(snapshot);
    const blocks = new Set(snapshot.blocks.map(({ block }) => block.toString()));
    const slots = new Set(snapshot.addresses.map(slotKey));
    const isGone = (key: string, told: ReadonlySet<string>) => !told.has(key) && !this.#isAhead(key, snapshot.revision);
    for (const [key, { block }] of this.#blocks) if (isGone(key, blocks)) this.dropBlock(block);
    for (const [key, record] of this.#records) if (isGone(key, slots)) this.#forget(record);
    const added = snapshot.blocks.filter((owned) => this.#keepBlock(owned, snapshot.revision));
    for (const record of snapshot.addresses) this.#keepRecord(record, snapshot.revision);
    for (const { block } of added) this.#continueRoundRobin(block);
    this.#snapshotRevision = snapshot.revision;
    const decided = [...this.#doubtful];
    this.#doubtful.clear();
    for (const slot of decided) this.settle(slot);
  }

  /** Takes over a change, unless it is old news. */
  apply(change: NodeChange): void {
    this.#revision = Math.max(this.#revision, change.revision);
    if (change.kind === 'pool') {
      this.#pools.apply(change);
    } else if (change.kind === 'block') {
      if (change.owned) this.addBlock(change, change.revision);
      else this.removeBlock(change.block, change.revision);
    } else if (change.record) {
      this.#record(change.record, change.revision);
    } else {
      this.removeRecord(change.slot, change.revision);
    }
  }

  // --- from the datastore, and from the node's own calls: older news than what is known changes nothing

  /** Adds a block that the node has come to own; anew, where the node has not heard yet that it was lost meanwhile. */
  addBlock(owned: PoolBlock, revision: Revision): void {
    if (!this.#isNews(owned.block.toString(), revision)) return;
    const newer = this.#assignedSince(owned.block, revision);
    this.dropBlock(owned.block);
    this.#own(owned, revision);
    for (const record of newer) this.#use(record);
  }

  /** Takes away a block that is not the node's any more; if the node has assigned addresses of it since, it is again. */
  removeBlock(block: IpPrefix, revision: Revision): void {
    const owned = this.#blocks.get(block.toString());
    if (!this.#isNews(block.toString(), revision)) return;
    const newer = this.#assignedSince(block, revision);
    this.dropBlock(block);
    if (owned && owned.provenAt > revision) this.#own(owned, revision, owned.provenAt);
    for (const record of newer) this.#use(record);
  }

  /** Takes away an assignment; its address rests from now on. */
  removeRecord(slot: AddressSlot, revision: Revision): void {
    if (this.#isNews(slotKey(slot), revision)) this.#forget(slot);
  }

  // --- from the node's own calls

  /**
   * Adds an assignment that the node made. False where that is no more so: the answer may come late, when the block was
   * lost since, with all its addresses, and even when the node owns it anew.
   */
  record(record: AddressRecord): boolean {
    const owned = this.#blocks.get(record.block.toString());
    if (owned && record.revision > owned.revision) {
      owned.provenAt = Math.max(owned.provenAt, record.revision);
      this.#record(record, record.revision);
    }
    return this.#records.get(slotKey(record))?.revision === record.revision;
  }

  /** Adds an assignment that the node came across, or replaces it. It may be older than the node's ownership, of v1's. */
  see(record: AddressRecord): void {
    const key = slotKey(record);
    if (this.#heard.of(key) > record.revision) return;
    this.#heard.note(key, record.revision);
    this.#use(record);
  }

  /** Stops using a block, at once, because the datastore says that it is not the node's. */
  dropBlock(block: IpPrefix): void {
    this.#blocks.delete(block.toString());
    for (const [key, record] of this.#records) if (record.block.equals(block)) this.#records.delete(key);
    for (const [key, slot] of this.#pending) if (slot.block.equals(block)) this.#pending.delete(key);
  }

  /** Takes away an assignment that the node came to know is gone; the next one of the address may be there already. */
  unsee(record: AddressRecord): void {
    if (this.#records.get(slotKey(record))?.revision === record.revision) this.#forget(record);
  }

  /**
   * Takes the next free address of the first of the pool's blocks that is `eligible` and has one, for a transaction;
   * `settle` it, whatever comes of that.
   */
  reserveFrom(
    pool: string,
    family: IpFamily,
    eligible: (owned: OwnedBlock, now: number) => boolean,
  ): AddressSlot | undefined {
    const now = this.#clock();
    const owned = this.blocksOf(pool, family).find(
      (candidate) => !candidate.allocator.full && eligible(candidate, now),
    );
    const offset = owned?.allocator.take(now);
    if (owned === undefined || offset === undefined) return undefined;
    owned.emptySince = undefined;
    const slot = { block: owned.block, offset };
    this.#pending.set(slotKey(slot), slot);
    return slot;
  }

  /** Whether a reservation still holds: not where its block was lost since, even if the node owns it anew. */
  isReserved(slot: AddressSlot): boolean {
    return this.#pending.get(slotKey(slot)) === slot;
  }

  /** Keeps a reservation until the next snapshot: nobody knows whether the slot was assigned. */
  doubt(slot: AddressSlot): void {
    if (this.isReserved(slot)) this.#doubtful.add(slot);
  }

  /** Ends a reservation that is not in doubt: the slot is free again unless it was recorded meanwhile. */
  settle(slot: AddressSlot): void {
    if (!this.isReserved(slot) || this.#doubtful.has(slot)) return;
    this.#pending.delete(slotKey(slot));
    const owned = this.#blocks.get(slot.block.toString());
    if (!owned || this.#records.has(slotKey(slot))) return;
    owned.allocator.untake(slot.offset);
    if (owned.allocator.used === 0) owned.emptySince = this.#clock();
  }

  /** Has a free address given out after all others, for a while: a Pod lives with it that nobody has a record of. */
  avoid(address: IpAddress): void {
    const owned = this.blocks.find(({ block }) => block.contains(address));
    owned?.allocator.avoid(Number(owned.block.offsetOf(address)), this.#clock());
  }

  #forget(slot: AddressSlot): void {
    const key = slotKey(slot);
    const owned = this.#blocks.get(slot.block.toString());
    if (!this.#records.delete(key) || !owned || this.#pending.has(key)) return;
    const now = this.#clock();
    owned.allocator.free(slot.offset, now);
    if (owned.allocator.used === 0) owned.emptySince = now;
  }

  /** Adds a block of a snapshot unless it is known. Whether it was added. */
  #keepBlock(owned: PoolBlock, revision: Revision): boolean {
    const key = owned.block.toString();
    // one that was dropped meanwhile may be in a snapshot of the same revision again
    if (this.#isAhead(key, revision)) return false;
    this.#heard.note(key, revision);
    if (this.#blocks.has(key)) return false;
    this.#own(owned, revision);
    return true;
  }

  /** Adds an assignment of a snapshot, or replaces it. */
  #keepRecord(record: AddressRecord, revision: Revision): void {
    const key = slotKey(record);
    // what the datastore has not seen yet is newer than what it told
    const newest = Math.max(record.revision, revision);
    if (!this.#blocks.has(record.block.toString()) || this.#isAhead(key, newest)) return;
    this.#heard.note(key, newest);
    this.#use(record);
  }

  /** A datastore that was restored from a backup begins anew at an older revision. */
  #goBack(revision: Revision): void {
    this.#heard.clear();
    for (const owned of this.#blocks.values()) {
      owned.revision = Math.min(owned.revision, revision);
      owned.provenAt = Math.min(owned.provenAt, revision);
    }
  }

  #assignedSince(block: IpPrefix, revision: Revision): readonly AddressRecord[] {
    return this.records.filter((record) => record.block.equals(block) && record.revision > revision);
  }

  #own({ pool, block }: PoolBlock, revision: Revision, provenAt = revision): void {
    const allocator = new BlockAllocator({ blockSize: block.hostBits, restMs: this.#restMs });
    const emptySince = this.#clock();
    this.#blocks.set(block.toString(), { pool, block, allocator, revision, provenAt, state: 'acquired', emptySince });
  }

  /** Adds an assignment, or replaces it, as the datastore had it at `revision`, unless that is old news. */
  #record(record: AddressRecord, revision: Revision): void {
    if (this.#blocks.has(record.block.toString()) && this.#isNews(slotKey(record), revision)) this.#use(record);
  }

  #use(record: AddressRecord): void {
    const owned = this.#blocks.get(record.block.toString());
    if (!owned) return;
    // a stray key may be of one that is never given out
    if (record.offset < owned.allocator.capacity) owned.allocator.use(record.offset);
    owned.emptySince = undefined;
    this.#records.set(slotKey(record), record);
  }

  /** Whether something newer was heard of `key`. */
  #isAhead(key: string, revision: Revision): boolean {
    return this.#heard.of(key) > revision;
  }

  /** Whether `revision` is newer than what was heard of `key`, and remembers it. */
  #isNews(key: string, revision: Revision): boolean {
    if (Math.max(this.#heard.of(key), this.#snapshotRevision) >= revision) return false;
    this.#heard.note(key, revision);
    return true;
  }

  /** A new process does not know which address it gave out last: the one assigned last tells. */
  #continueRoundRobin(block: IpPrefix): void {
    const owned = this.#blocks.get(block.toString());
    const last = this.records
      .filter((record) => record.block.equals(block))
      .reduce<AddressRecord | undefined>((a, b) => (a && a.revision > b.revision ? a : b), undefined);
    if (last) owned?.allocator.continueAfter(last.offset);
  }
}
