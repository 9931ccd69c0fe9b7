import type { AddressPool } from '../model/address-pool.ts';
import type { BlockAssignment } from '../model/block-assignment.ts';
import type { CoilError } from '../model/error.ts';
import type { IpAddress, IpFamily } from '../model/ip-address.ts';
import type { IpAssignment } from '../model/ip-assignment.ts';
import type { IpPrefix } from '../model/ip-prefix.ts';

/**
 * Grows with every change of the datastore; tells whether a record is still the one that was seen. One that is no whole
 * number is of a change which the datastore has not seen yet (store/offline).
 */
export type Revision = number;

/** A block and the pool that it was cut from. */
export interface PoolBlock {
  readonly pool: string;
  readonly block: IpPrefix;
}

/** A block that the node has come to own, and the revision of that change. */
export interface AcquiredBlock extends PoolBlock {
  readonly revision: Revision;
}

/** An address as the datastore names it. */
export interface AddressSlot {
  readonly block: IpPrefix;
  /** Distance from the block's network address. */
  readonly offset: number;
}

/** An address that is assigned. */
export interface AddressRecord extends AddressSlot {
  readonly assignment: IpAssignment;
  readonly revision: Revision;
}

export type AllocateOutcome =
  | { readonly outcome: 'allocated'; readonly records: readonly AddressRecord[] }
  /** Nothing was assigned: these are somebody's already. An assignment that cannot be read is of empty strings. */
  | { readonly outcome: 'taken'; readonly records: readonly AddressRecord[] }
  /** Nothing was assigned: these blocks are not the node's any more. */
  | { readonly outcome: 'not-owned'; readonly blocks: readonly IpPrefix[] };

export type ReleaseOutcome =
  | { readonly outcome: 'released'; readonly revision: Revision }
  /** An address of the block is assigned; nothing was changed. */
  | { readonly outcome: 'not-empty' }
  /** The block is free, another node's, or no block of the pool; nothing was changed. */
  | { readonly outcome: 'not-owned' };

export type FreeOutcome =
  | { readonly outcome: 'freed'; readonly revision: Revision }
  /** One of the addresses is not assigned any more, or is by now a different assignment; nothing was changed. */
  | { readonly outcome: 'changed' };

/** What one node has to know of the datastore, at one revision. */
export interface NodeSnapshot {
  readonly kind: 'snapshot';
  /** Tells one datastore from another, where the implementation can. */
  readonly datastore?: string;
  readonly revision: Revision;
  readonly pools: ReadonlyMap<string, AddressPool>;
  /** Names of the pools that are there and cannot be read, and why; absent where there is none. */
  readonly unreadablePools?: ReadonlyMap<string, CoilError>;
  /** The node's blocks, in the order of their assignment within a subnet. */
  readonly blocks: readonly PoolBlock[];
  /** All addresses of these blocks. One whose value cannot be read has an assignment of empty strings. */
  readonly addresses: readonly AddressRecord[];
  /** Values that cannot be read, each named by its key. They are left as they are. */
  readonly unreadable: readonly CoilError[];
  /** Values that could not be read, and were set anew from others, each named by its key. */
  readonly repaired?: readonly CoilError[] | undefined;
}

/** A change, and the revision that it was made at: what came of one's own calls may be newer than it. */
export type NodeChange = { readonly revision: Revision } & (
  | { readonly kind: 'pool'; readonly name: string; readonly pool: AddressPool | undefined }
  /** The node came to own a block, or lost it. */
  | { readonly kind: 'block'; readonly pool: string; readonly block: IpPrefix; readonly owned: boolean }
  /**
   * An address of one of the node's blocks was assigned, changed, or freed (record undefined). Where its value cannot be
   * read, `unreadable` names the key, and the assignment is of empty strings.
   */
  | {
      readonly kind: 'address';
      readonly slot: AddressSlot;
      readonly record: AddressRecord | undefined;
      readonly unreadable?: CoilError;
    }
);

/**
 * The port for Coil's state: pools, the blocks of their subnets, and the addresses of these blocks. Any number of
 * processes use one datastore at the same time; every call is one atomic step or has no effect.
 *
 * All calls end with `signal`, or after the implementation's own deadline. Besides the errors that are named, each may
 * throw CoilError store-unavailable (whether a change was made is then not known: look before you repeat it),
 * corrupt-data (the message names the key; nothing was changed) and conflict (others changed the same data at the same
 * time, too often in a row; nothing was changed).
 */
export interface IpamStore extends AsyncDisposable {
  // --- pools

  /** @throws {CoilError} invalid-argument, pool-exists, subnet-in-use (overlaps a subnet of any pool) */
  createPool(name: string, pool: AddressPool, signal: AbortSignal): Promise<void>;
  /** @throws {CoilError} invalid-argument, pool-not-found, subnet-in-use */
  addSubnet(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<void>;
  /**
   * Removes a pool and its subnets, of which no node may own a block, and nobody have an address. Of it and an
   * acquisition at the same time, one fails.
   * @throws {CoilError} pool-not-found, pool-in-use (naming nodes and blocks, or addresses)
   */
  deletePool(name: string, signal: AbortSignal): Promise<void>;
  /**
   * Removes a subnet as `deletePool` does a pool.
   * @throws {CoilError} pool-not-found, subnet-not-found, pool-in-use; invalid-argument for the pool's last subnet
   */
  removeSubnet(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<void>;
  /** In the order of their names. What cannot be read goes into `unreadable`; without that, it is thrown. */
  listPools(signal: AbortSignal, unreadable?: CoilError[]): Promise<ReadonlyMap<string, AddressPool>>;
  /** @throws {CoilError} pool-not-found */
  getPool(name: string, signal: AbortSignal): Promise<AddressPool>;
  /** @throws {CoilError} pool-not-found, subnet-not-found (the pool has no such subnet) */
  getBlockAssignment(name: string, subnet: IpPrefix, signal: AbortSignal): Promise<BlockAssignment>;

  // --- blocks

  /**
   * Assigns the first free block of `family` in the pool's subnets to the node, in the order of the subnets.
   * What cannot be read, but is no reason to fail, goes into `unreadable`.
   * @throws {CoilError} pool-not-found, out-of-blocks; where the pool or its subnets go at the same time, one of these
   */
  acquireBlock(request: BlockRequest, signal: AbortSignal, unreadable?: CoilError[]): Promise<AcquiredBlock>;
  /** Returns a block in which no address is assigned to the end of the free list. */
  releaseBlock(node: string, block: PoolBlock, signal: AbortSignal): Promise<ReleaseOutcome>;
  /**
   * Takes all blocks from a node that is gone, and frees all their addresses. Gives what it took. With `unreadable`, what
   * is wrong with a value goes into it, and the rest is taken; without, it is thrown.
   */
  releaseNode(node: string, signal: AbortSignal, unreadable?: CoilError[]): Promise<readonly PoolBlock[]>;
  /** The node's blocks, by pool in the order of the pools' names. */
  listNodeBlocks(node: string, signal: AbortSignal): Promise<readonly PoolBlock[]>;
  /**
   * All assigned blocks, by node in the order of the nodes' names. What cannot be read goes into `unreadable`, and the
   * rest is given; without that, it is thrown.
   */
  listBlocks(signal: AbortSignal, unreadable?: CoilError[]): Promise<ReadonlyMap<string, readonly PoolBlock[]>>;

  // --- addresses

  /** Assigns all the addresses, or none. They must be in blocks that the node owns; no more than 16. */
  allocate(request: AllocateRequest, signal: AbortSignal): Promise<AllocateOutcome>;
  /** Frees all the addresses, or none. */
  free(addresses: readonly FreeRequest[], signal: AbortSignal): Promise<FreeOutcome>;
  /**
   * All addresses of a block, whoever owns it, in the order of their offsets. With `unreadable`, what is wrong with a
   * value goes into it, and the assignment is of empty strings; without, it is thrown.
   */
  listAddresses(block: IpPrefix, signal: AbortSignal, unreadable?: CoilError[]): Promise<readonly AddressRecord[]>;
  /** @throws {CoilError} address-not-found (not assigned, or of no pool) */
  findAddress(address: IpAddress, signal: AbortSignal): Promise<AddressRecord>;

  // --- health

  /**
   * Tries whether changes can be made, as nearly as one can without making any: a datastore that is full, read-only, or
   * closed to this user may be readable all the same.
   * @throws {CoilError} store-unavailable where they cannot, saying why
   */
  checkWritable(signal: AbortSignal): Promise<void>;

  // --- watch

  /**
   * Gives a snapshot, then every change after it, in order and without a gap. It ends by throwing: store-unavailable
   * where that cannot be kept up (connection lost, history compacted); begin anew with a new snapshot then. Aborting
   * `signal` ends it without an error. A consumer that returns early leaves nothing behind.
   */
  watchNode(node: string, signal: AbortSignal): AsyncIterable<NodeSnapshot | NodeChange>;
}

export interface BlockRequest {
  readonly node: string;
  readonly pool: string;
  readonly family: IpFamily;
  /** It is for later: then the last free block, of the pool's or of one of its subnets, is left to others. */
  readonly isSpare?: boolean;
}

export interface AllocateRequest {
  readonly node: string;
  readonly slots: readonly AddressSlot[];
  readonly assignment: IpAssignment;
}

export interface FreeRequest extends AddressSlot {
  /** The revision that the assignment was seen at. */
  readonly revision: Revision;
}
