import { CoilError } from '../../model/error.ts';
import type { IpAddress } from '../../model/ip-address.ts';
import { formatIpAssignment } from '../../model/ip-assignment.ts';
import { IpPrefix } from '../../model/ip-prefix.ts';
import type {
  AddressRecord,
  AddressSlot,
  AllocateOutcome,
  AllocateRequest,
  FreeOutcome,
  FreeRequest,
} from '../ipam-store.ts';
import { readAddress, readAddressAnyhow } from './address-values.ts';
import { adoptBlocks } from './block-adoption.ts';
import type { EtcdDatabase } from './etcd-database.ts';
import { readPools } from './pool-values.ts';
import {
  found,
  get,
  getAll,
  hasValue,
  isAbsent,
  isAt,
  MAX_OPERATIONS,
  put,
  remove,
  revisionOf,
} from './transaction.ts';

/** The port's limit; a transaction has room for its compares and both branches. */
const MAX_SLOTS = 16;
/** Each is compared, and so is the node's term. */
const MAX_FREED = MAX_OPERATIONS - 1;

/** Addresses of blocks. */
export class EtcdAddresses {
  readonly #db: EtcdDatabase;

  constructor(db: EtcdDatabase) {
    this.#db = db;
  }

  /** One transaction, unless a block's owner key is not as the document is: that is repaired once. */
  async allocate(request: AllocateRequest, signal: AbortSignal): Promise<AllocateOutcome> {
    validateSlots(request.slots);
    const outcome = await this.#tryAllocate(request, signal);
    if (outcome.outcome !== 'not-owned' || !(await adoptBlocks(this.#db, request.node, outcome.blocks, signal)))
      return outcome;
    return await this.#tryAllocate(request, signal);
  }

  async #tryAllocate({ node, slots, assignment }: AllocateRequest, signal: AbortSignal): Promise<AllocateOutcome> {
    const { changes, keys } = this.#db;
    const blocks = [...new Map(slots.map(({ block }) => [keys.owner(block), block])).values()];
    const value = formatIpAssignment(assignment);
    const response = await changes.transact(
      `allocate ${slots.map(({ block, offset }) => block.nth(offset)).join(', ')} for node ${node}`,
      {
        compare: [
          ...blocks.map((block) => hasValue(keys.owner(block), node)),
          ...slots.map((slot) => isAbsent(keys.address(slot))),
        ],
        success: slots.map((slot) => put(keys.address(slot), value)),
        failure: [...blocks.map((block) => get(keys.owner(block))), ...slots.map((slot) => get(keys.address(slot)))],
      },
      signal,
    );
    if (response.succeeded) {
      const revision = revisionOf(response);
      return { outcome: 'allocated', records: slots.map((slot) => ({ ...slot, assignment, revision })) };
    }
    const ranges = found(response);
    const lost = blocks.filter((_, i) => ranges[i]?.[0]?.value !== node);
    if (lost.length > 0) return { outcome: 'not-owned', blocks: lost };
    // an address whose value cannot be read is somebody's too; whoever watches the block tells of it
    const taken = slots.flatMap(({ block }, i) =>
      ranges[blocks.length + i]!.flatMap((entry) => readAddressAnyhow(keys, block, entry, []) ?? []),
    );
    return { outcome: 'taken', records: taken };
  }

  async free(addresses: readonly FreeRequest[], signal: AbortSignal): Promise<FreeOutcome> {
    if (addresses.length > MAX_FREED)
      throw new CoilError('invalid-argument', `at most ${MAX_FREED} addresses are freed at once`);
    const { changes, keys } = this.#db;
    const response = await changes.transact(
      `free ${addresses.map(({ block, offset }) => block.nth(offset)).join(', ')}`,
      {
        compare: addresses.map((address) => isAt(keys.address(address), address.revision)),
        success: addresses.map((address) => remove(keys.address(address))),
      },
      signal,
    );
    return response.succeeded ? { outcome: 'freed', revision: revisionOf(response) } : { outcome: 'changed' };
  }

  async list(
    block: IpPrefix,
    signal: AbortSignal,
    unreadable: CoilError[] | undefined,
  ): Promise<readonly AddressRecord[]> {
    const { client, keys, changes } = this.#db;
    const what = `list the addresses of ${block}`;
    await changes.settled(what, signal);
    const entries = found(await client.read(what, [getAll(keys.addressesOf(block))], signal))[0]!;
    const records = unreadable
      ? entries.flatMap((entry) => readAddressAnyhow(keys, block, entry, unreadable) ?? [])
      : entries.map((entry) => readAddress(keys, block, entry));
    return records.sort((a, b) => a.offset - b.offset);
  }

  async find(address: IpAddress, signal: AbortSignal): Promise<AddressRecord> {
    const { client, keys } = this.#db;
    const what = `find ${address}`;
    const unreadable: CoilError[] = [];
    const pools = readPools(keys, found(await client.read(what, [getAll(keys.pools)], signal))[0]!, unreadable);
    let isOfPool = false;
    for (const pool of pools.values()) {
      const subnet = pool.subnets.find((each) => each.contains(address));
      if (!subnet) continue;
      isOfPool = true;
      const block = new IpPrefix(address, pool.blockLength(subnet));
      const slot = { block, offset: Number(block.offsetOf(address)) };
      const entry = found(await client.read(what, [get(keys.address(slot))], signal))[0]?.[0];
      if (entry) return readAddress(keys, block, entry);
    }
    // it may be of one that cannot be read
    if (unreadable[0] && !isOfPool) throw unreadable[0];
    throw new CoilError('address-not-found', `not found: ${address} is not assigned`);
  }
}

function validateSlots(slots: readonly AddressSlot[]): void {
  if (slots.length === 0 || slots.length > MAX_SLOTS)
    throw new CoilError('invalid-argument', `1 to ${MAX_SLOTS} addresses are allocated at once, not ${slots.length}`);
  for (const { block, offset } of slots) {
    if (!Number.isSafeInteger(offset) || offset < 0 || BigInt(offset) >= block.size)
      throw new CoilError('invalid-argument', `offset ${offset} is outside of block ${block}`);
  }
  const addresses = new Set(slots.map(({ block, offset }) => String(block.nth(offset))));
  if (addresses.size < slots.length) throw new CoilError('invalid-argument', 'an address is allocated twice at once');
}
