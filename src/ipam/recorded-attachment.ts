import type { IpAssignment } from '../model/ip-assignment.ts';
import type { AddressRecord } from '../store/ipam-store.ts';

/** An interface of a container, as the datastore has it: its addresses, and whose they are. */
export interface RecordedAttachment extends Omit<IpAssignment, 'createdAt'> {
  readonly records: readonly AddressRecord[];
  /** Another one with every change of any of the records. */
  readonly key: string;
}

/** The attachments that the records are of. One that cannot be read is nobody's that is known, and is left out. */
export function attachmentsOf(records: readonly AddressRecord[]): RecordedAttachment[] {
  const readable = records.filter(({ assignment }) => assignment.pod !== '');
  const groups = Map.groupBy(readable, ({ assignment: { createdAt: _, ...whose } }) => JSON.stringify(whose));
  return [...groups].map(([whose, group]) => {
    const seen = group.map(({ block, offset, revision }) => `${block.nth(offset)}@${revision}`).sort();
    return { ...(JSON.parse(whose) as Omit<IpAssignment, 'createdAt'>), records: group, key: `${whose} ${seen}` };
  });
}

export function addressesOfAttachment({ records }: RecordedAttachment) {
  return records.map(({ block, offset }) => block.nth(offset));
}
