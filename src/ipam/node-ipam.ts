import { CoilError } from '../model/error.ts';
import type { IpAddress, IpFamily } from '../model/ip-address.ts';
import { type IpAssignment, V1_IFNAME } from '../model/ip-assignment.ts';
import type { Logger } from '../process/logger.ts';
import type { AddressRecord, AddressSlot, IpamStore } from '../store/ipam-store.ts';
import { type BlockKeeper, hasRoom, hasUnavoided, isExported, outOfAddresses } from './block-keeper.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { AttachmentKey, NodeState } from './node-state.ts';

/** More collisions with other writers in a row than this mean that something is wrong, not that we are unlucky. */
const MAX_ATTEMPTS = 16;
/** No datastore, none that can be read, or no route to the block. */
const NO_NEW_BLOCK = ['store-unavailable', 'corrupt-data', 'network'] as const;

export interface AllocationRequest extends AttachmentKey {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid?: string;
  /** Name of the CNI network that the attachment is of. */
  readonly network?: string;
  /** By default, one address of each family that the pool has. */
  readonly families?: readonly IpFamily[];
}

export interface ReleaseRequest extends AttachmentKey {
  /** For addresses that Coil before 1.0.2 recorded, by Pod instead of by container. */
  readonly namespace?: string;
  readonly pod?: string;
}

/** The addresses of an attachment, IPv4 first, and the Pod that they are recorded for. */
export interface PodAddresses {
  readonly addresses: readonly IpAddress[];
  readonly namespace: string;
  readonly pod: string;
}

/** An interface of a Pod. */
export interface PodInterface {
  readonly namespace: string;
  readonly pod: string;
  readonly ifname: string;
}

/** Addresses, IPv4 first, and whether they were the attachment's before. */
export interface Allocation {
  readonly addresses: readonly IpAddress[];
  readonly existed: boolean;
}

export interface NodeIpamDeps {
  readonly store: Pick<IpamStore, 'allocate' | 'free' | 'listAddresses'>;
  readonly state: NodeState;
  readonly keeper: Pick<BlockKeeper, 'acquire' | 'exportUntilDone' | 'keepSpare'>;
  /** Brings the state up to date with the datastore. */
  readonly sync: { ready(signal: AbortSignal): Promise<void>; renew(reason: string): void };
  /** For `created_at`. */
  readonly now: () => Date;
  readonly logger: Logger;
  /** Ends what goes on in the background. */
  readonly signal: AbortSignal;
}

/** Gives the addresses of the node's blocks to Pods, and takes them back. Calls may come at any time, in any order. */
export class NodeIpam {
  readonly #node: string;
  readonly #deps: NodeIpamDeps;
  readonly #lock = new KeyedLock();

  constructor(options: { node: string }, deps: NodeIpamDeps) {
    this.#node = options.node;
    this.#deps = deps;
  }

  /**
   * Assigns addresses to an attachment; where it has some, gives those.
   * @throws {CoilError} pool-not-found, out-of-addresses, store-unavailable, network (the block's route), conflict
   */
  async allocate(request: AllocationRequest, signal: AbortSignal): Promise<Allocation> {
    return this.#alone(request.containerId, signal, async () => {
      const existing = this.#deps.state.find(request);
      if (existing.length > 0) return { addresses: addressesOf(firstOfEachFamily(existing)), existed: true };
      return { addresses: addressesOf(await this.#allocateNew(request, signal)), existed: false };
    });
  }

  /**
   * Frees the addresses of an attachment, and gives them; none where it has none. Repeatable.
   * @throws {CoilError} store-unavailable, conflict
   */
  async release(request: ReleaseRequest, signal: AbortSignal): Promise<readonly IpAddress[]> {
    return this.#alone(request.containerId, signal, async () => {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const records = this.#find(request);
        if (records.length === 0 || (await this.#free(records, signal))) return addressesOf(records);
      }
      throw new CoilError(
        'conflict',
        `the addresses of container ${request.containerId} keep changing in the datastore`,
      );
    });
  }

  /**
   * Frees addresses of a container, unless one of them is no longer as it was seen. Whether they were freed.
   * @throws {CoilError} store-unavailable, conflict
   */
  async releaseAsSeen(containerId: string, seen: readonly AddressRecord[], signal: AbortSignal): Promise<boolean> {
    return this.#alone(containerId, signal, () => this.#free(seen, signal));
  }

  /**
   * The addresses of an attachment; undefined where it has none.
   * @throws {CoilError} store-unavailable while the state was never read
   */
  async find(request: ReleaseRequest, signal: AbortSignal): Promise<PodAddresses | undefined> {
    await this.#deps.sync.ready(signal);
    const records = this.#find(request);
    const first = records[0]?.assignment;
    return first && { addresses: addressesOf(records), namespace: first.namespace, pod: first.pod };
  }

  /** Whose addresses are recorded, an entry for each. */
  interfaces(): readonly PodInterface[] {
    return this.#deps.state.records.map(({ assignment: { namespace, pod, ifname = V1_IFNAME } }) => ({
      namespace,
      pod,
      ifname,
    }));
  }

  /** Has an address that an attachment could not use given to others last, for a while. */
  avoid(address: IpAddress): void {
    this.#deps.state.avoid(address);
  }

  /** Not while the state is not known: the call before this one may have failed, with or without effect. */
  #alone<T>(containerId: string, signal: AbortSignal, action: () => Promise<T>): Promise<T> {
    return this.#lock.run(containerId, signal, async () => {
      await this.#deps.sync.ready(signal);
      return await action();
    });
  }

  #find({ namespace, pod, ...key }: ReleaseRequest): readonly AddressRecord[] {
    const records = this.#deps.state.find(key);
    if (records.length > 0 || namespace === undefined || pod === undefined) return records;
    return this.#deps.state.findWithoutContainer(namespace, pod);
  }

  async #allocateNew(request: AllocationRequest, signal: AbortSignal): Promise<readonly AddressRecord[]> {
    const found = this.#deps.state.poolOf(request.namespace);
    if (!found)
      throw new CoilError('pool-not-found', 'address pool is not found: default (coilctl pool create makes it)');
    const families = request.families ?? found.pool.families;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const records = await this.#tryAllocate(found.name, families, request, signal);
      if (records) return records;
    }
    throw new CoilError('conflict', `the addresses of pool ${found.name} on this node keep changing in the datastore`);
  }

  /** One transaction; undefined where it must be tried with other addresses. */
  async #tryAllocate(
    pool: string,
    families: readonly IpFamily[],
    request: AllocationRequest,
    signal: AbortSignal,
  ): Promise<readonly AddressRecord[] | undefined> {
    const { state, store, keeper, sync, logger } = this.#deps;
    const slots: AddressSlot[] = [];
    try {
      for (const family of families) slots.push(await this.#reserve(pool, family, signal));
      // the wait for a block of the second family may have cost that of the first
      if (!slots.every((slot) => state.isReserved(slot))) return undefined;
      const answer = await this.#certain(() =>
        store.allocate({ node: this.#node, slots, assignment: this.#assignment(request) }, signal),
      ).catch((error: unknown) => {
        if (CoilError.isUncertain(error, signal)) for (const slot of slots) state.doubt(slot);
        throw error;
      });
      if (answer.outcome === 'not-owned') {
        for (const block of answer.blocks) {
          // where the node has acquired it anew, the answer is old, and the reservation gone
          if (!slots.some((slot) => slot.block.equals(block) && state.isReserved(slot))) continue;
          logger.warn("a block is not this node's any more", { block: block.toString() });
          state.dropBlock(block);
        }
        void keeper.exportUntilDone(this.#deps.signal);
        return undefined;
      }
      if (answer.outcome === 'taken') {
        for (const record of answer.records) state.see(record);
        return undefined;
      }
      if (answer.records.map((record) => state.record(record)).every(Boolean)) {
        for (const family of families) keeper.keepSpare(pool, family, this.#deps.signal);
        return answer.records;
      }
      // the block was lost since, or acquired anew: only the datastore knows which came first
      sync.renew('an address was assigned in a block that changed hands');
      await sync.ready(signal);
      const found = state.find(request);
      return found.length > 0 ? found : undefined;
    } finally {
      for (const slot of slots) state.settle(slot);
    }
  }

  /** A free address of one of the node's blocks; of a new block where these have none; a resting one as the last resort. */
  async #reserve(pool: string, family: IpFamily, signal: AbortSignal): Promise<AddressSlot> {
    const { state, keeper } = this.#deps;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const slot = state.reserveFrom(pool, family, hasRoom);
      if (slot) return slot;
      try {
        await keeper.acquire(pool, family, signal);
      } catch (error) {
        // there may be no further ADD by which the end of it would be noticed
        if (CoilError.is(error, 'network')) void keeper.exportUntilDone(this.#deps.signal);
        const isOut = CoilError.is(error, 'out-of-blocks');
        // there are only the addresses of the blocks at hand
        if (!isOut && !NO_NEW_BLOCK.some((code) => CoilError.is(error, code))) throw error;
        const resting = state.reserveFrom(pool, family, hasUnavoided) ?? state.reserveFrom(pool, family, isExported);
        if (resting) return resting;
        throw isOut ? outOfAddresses(pool, error) : error;
      }
    }
    throw new CoilError('conflict', `blocks of pool ${pool} are used up faster than they can be acquired`);
  }

  /** Whether the addresses are free now; false where the state was wrong about them and has been mended. */
  async #free(records: readonly AddressRecord[], signal: AbortSignal): Promise<boolean> {
    const { state, store } = this.#deps;
    const answer = await this.#certain(() => store.free(records, signal));
    if (answer.outcome === 'freed') {
      for (const record of records) state.removeRecord(record, answer.revision);
      return true;
    }
    for (const record of records) {
      // what cannot be read is nobody's; the watch tells of it
      const listed = await store.listAddresses(record.block, signal, []);
      const found = listed.find(({ offset }) => offset === record.offset);
      if (found) state.see(found);
      else state.unsee(record);
    }
    return false;
  }

  /** After an error nobody knows whether the change was made: what comes next must see the datastore first. */
  async #certain<T>(change: () => Promise<T>): Promise<T> {
    try {
      return await change();
    } catch (error) {
      this.#deps.sync.renew('a change of the datastore failed, with or without effect');
      throw error;
    }
  }

  #assignment({ families: _, ...whom }: AllocationRequest): IpAssignment {
    return { ...whom, createdAt: this.#deps.now().toISOString() };
  }
}

/**
 * v1 gave two addresses to a container whose ADD was repeated at once, and a transaction that was given up may still be
 * carried out after its repetition: the first one is used, and all are freed with it.
 */
function firstOfEachFamily(records: readonly AddressRecord[]): readonly AddressRecord[] {
  return records.filter(({ block }, i) => records.findIndex((other) => other.block.family === block.family) === i);
}

function addressesOf(records: readonly AddressRecord[]): readonly IpAddress[] {
  return records.map(({ block, offset }) => block.nth(offset)).sort((a, b) => a.compare(b));
}
