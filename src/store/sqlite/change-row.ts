import { AddressPool } from '../../model/address-pool.ts';
import { formatIpAssignment } from '../../model/ip-assignment.ts';
import { parseJson } from '../../model/json.ts';
import type { NodeChange, Revision } from '../ipam-store.ts';
import { readAddress } from './address-row.ts';
import { storedPrefix } from './stored-prefix.ts';

/** A row of table `change`; null where the kind of change has no such member. */
export interface ChangeRow {
  readonly kind: NodeChange['kind'];
  readonly revision: Revision;
  readonly pool: string | null;
  readonly block: string | null;
  readonly offset: number | null;
  /** What came to be: a pool or an assignment as JSON, the word "owned"; null for what ceased to be. */
  readonly value: string | null;
}

export function formatChange(change: NodeChange): ChangeRow {
  const { kind, revision } = change;
  const none = { kind, revision, pool: null, block: null, offset: null, value: null };
  switch (change.kind) {
    case 'pool':
      return { ...none, pool: change.name, value: change.pool ? JSON.stringify(change.pool) : null };
    case 'block':
      return { ...none, pool: change.pool, block: change.block.toString(), value: change.owned ? 'owned' : null };
    case 'address': {
      const { slot, record } = change;
      const value = record ? formatIpAssignment(record.assignment) : null;
      return { ...none, block: slot.block.toString(), offset: slot.offset, value };
    }
  }
}

/** The inverse of `formatChange`. @throws {CoilError} corrupt-data */
export function readChange({ kind, revision, value, ...row }: ChangeRow): NodeChange {
  if (kind === 'pool') {
    const pool = value === null ? undefined : AddressPool.fromJSON(parseJson(value));
    return { kind, revision, name: row.pool ?? '', pool };
  }
  const prefix = row.block ?? '';
  const block = storedPrefix(prefix);
  if (kind === 'block') return { kind, revision, pool: row.pool ?? '', block, owned: value !== null };
  const offset = row.offset ?? 0;
  const read = value === null ? undefined : readAddress({ block: prefix, offset, assignment: value, revision });
  return { kind, revision, slot: { block, offset }, record: read?.record };
}
