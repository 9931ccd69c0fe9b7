import type { IpAssignment } from '../../model/ip-assignment.ts';
import { IpPrefix } from '../../model/ip-prefix.ts';
import type { AddressRecord, AddressSlot, Revision } from '../ipam-store.ts';

/** A row that names an address; offsets are those of its block. */
export interface SlotRow {
  readonly block: string;
  readonly offset: number;
  /** JSON of an IpAssignment. */
  readonly assignment: string;
  readonly revision: Revision;
}

/** A row of table `address`. */
export interface AddressRow extends SlotRow {
  readonly asked: 0 | 1;
  readonly answered: 0 | 1;
}

export function recordOf({ block, offset, assignment, revision }: SlotRow): AddressRecord {
  return { block: IpPrefix.parse(block), offset, assignment: JSON.parse(assignment) as IpAssignment, revision };
}

/** The same for two slots only where they are one. */
export function slotKey({ block, offset }: { readonly block: AddressSlot['block'] | string; offset: number }): string {
  return `${block} ${offset}`;
}

/** Whether two assignments are of one interface of one container: a repeated ADD may have been recorded at another time. */
export function isSameAttachment(a: IpAssignment, b: IpAssignment): boolean {
  if (a.containerId !== b.containerId || a.ifname !== b.ifname) return false;
  return a.containerId !== '' || (a.namespace === b.namespace && a.pod === b.pod);
}
