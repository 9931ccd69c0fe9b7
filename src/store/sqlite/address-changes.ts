import { CoilError } from '../../model/error.ts';
import type { IpPrefix } from '../../model/ip-prefix.ts';
import type { AddressSlot, AllocateOutcome, AllocateRequest, FreeOutcome, FreeRequest } from '../ipam-store.ts';
import type { SqliteTables } from './sqlite-tables.ts';

/** As many as one transaction of the other stores takes. */
const MAX_SLOTS = 16;

/** The changes of addresses. Each is to be run in a transaction of its own, and undone where it throws. */
export class AddressChanges {
  readonly #tables: SqliteTables;

  constructor(tables: SqliteTables) {
    this.#tables = tables;
  }

  /** @throws {CoilError} invalid-argument */
  allocate({ node, slots, assignment }: AllocateRequest): AllocateOutcome {
    validate(slots);
    const { blocks, addresses, log } = this.#tables;
    const lost = unique(slots.map(({ block }) => block)).filter((block) => blocks.ownerOf(block) !== node);
    if (lost.length > 0) return { outcome: 'not-owned', blocks: lost };
    const taken = slots.map((slot) => addresses.get(slot)).filter((found) => found !== undefined);
    if (taken.length > 0) return { outcome: 'taken', records: taken.map(({ record }) => record) };

    const revision = log.nextRevision;
    const records = slots.map(({ block, offset }) => ({ block, offset, assignment, revision }));
    for (const record of records) {
      addresses.insert(record);
      log.append(node, { kind: 'address', revision, slot: record, record });
    }
    return { outcome: 'allocated', records };
  }

  free(requests: readonly FreeRequest[]): FreeOutcome {
    const { blocks, addresses, log } = this.#tables;
    const isAsSeen = (seen: FreeRequest) => addresses.get(seen)?.record.revision === seen.revision;
    if (!requests.every(isAsSeen)) return { outcome: 'changed' };
    const revision = log.nextRevision;
    for (const slot of requests) {
      addresses.delete(slot);
      // without an owner only where somebody edited the database; it is no change for any node then
      const owner = blocks.ownerOf(slot.block) ?? '';
      log.append(owner, { kind: 'address', revision, slot, record: undefined });
    }
    return { outcome: 'freed', revision };
  }
}

function validate(slots: readonly AddressSlot[]): void {
  if (slots.length === 0 || slots.length > MAX_SLOTS) {
    throw new CoilError('invalid-argument', `1 to ${MAX_SLOTS} addresses are assigned at once, not ${slots.length}`);
  }
  const outside = slots.find(({ block, offset }) => !isInside(block.size, offset));
  if (outside) throw new CoilError('invalid-argument', `offset ${outside.offset} is outside of block ${outside.block}`);
  if (new Set(slots.map(({ block, offset }) => `${block} ${offset}`)).size < slots.length) {
    throw new CoilError('invalid-argument', 'one address is asked for twice');
  }
}

function isInside(size: bigint, offset: number): boolean {
  return Number.isSafeInteger(offset) && offset >= 0 && BigInt(offset) < size;
}

function unique(blocks: readonly IpPrefix[]): IpPrefix[] {
  return [...new Map(blocks.map((block) => [block.toString(), block])).values()];
}
