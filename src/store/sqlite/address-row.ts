import { CoilError } from '../../model/error.ts';
import { type IpAssignment, parseIpAssignment } from '../../model/ip-assignment.ts';
import type { AddressRecord, Revision } from '../ipam-store.ts';
import { storedPrefix } from './stored-prefix.ts';

/** What stands for an assignment that cannot be read: the address is not free, and nobody's that is known. */
const UNREADABLE: IpAssignment = { containerId: '', namespace: '', pod: '', createdAt: '' };

/** A row of table `address`. */
export interface AddressRow {
  readonly block: string;
  readonly offset: number;
  /** JSON as `formatIpAssignment` gives it. */
  readonly assignment: string;
  readonly revision: Revision;
}

export interface ReadAddress {
  /** With an assignment of empty strings where that cannot be read. */
  readonly record: AddressRecord;
  /** corrupt-data, which names the row */
  readonly error?: CoilError;
}

/** Reads a row whatever its assignment is; the caller decides whether an error in it matters. */
export function readAddress({ block: prefix, offset, assignment, revision }: AddressRow): ReadAddress {
  const block = storedPrefix(prefix);
  try {
    return { record: { block, offset, assignment: parseIpAssignment(assignment), revision } };
  } catch (cause) {
    const message = `the assignment of address ${prefix} offset ${offset} cannot be read: ${(cause as Error).message}`;
    return {
      record: { block, offset, assignment: UNREADABLE, revision },
      error: new CoilError('corrupt-data', message, { cause }),
    };
  }
}
