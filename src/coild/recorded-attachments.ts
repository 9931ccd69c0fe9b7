import type { IpAddress } from '../model/ip-address.ts';
import { V1_IFNAME } from '../model/ip-assignment.ts';
import type { HostAttachment } from '../podnet/host-side.ts';
import type { AddressRecord } from '../store/ipam-store.ts';

/** v1's plugin makes the link after coild gave the address; it is done long before. */
const V1_PLUGIN_MS = 60_000;

export interface PodName {
  readonly namespace: string;
  readonly pod: string;
}

export interface RecordedAttachment extends HostAttachment, PodName {}

/** Names a Pod in locks. */
export const podKey = ({ namespace, pod }: PodName) => `${namespace}/${pod}`;

export interface RecordedAttachmentsDeps {
  readonly hostIfname: (namespace: string, pod: string, ifname: string) => string;
  readonly now: () => Date;
}

/** The attachments that a node's records tell of. What names no Pod, as a value that cannot be read, is left out. */
export function recordedAttachments(
  records: readonly AddressRecord[],
  deps: RecordedAttachmentsDeps,
): readonly RecordedAttachment[] {
  const named = records.filter(({ assignment: { namespace, pod } }) => namespace !== '' && pod !== '');
  return [...Map.groupBy(named, ({ assignment }) => podKey(assignment)).values()].flatMap((ofPod) =>
    attachmentsOf(ofPod, deps),
  );
}

/** Those of one Pod. */
export function attachmentsOfPod(
  { namespace, pod }: PodName,
  records: readonly AddressRecord[],
  deps: RecordedAttachmentsDeps,
): readonly RecordedAttachment[] {
  const ofPod = records.filter(({ assignment: a }) => a.pod === pod && a.namespace === namespace);
  return recordedAttachments(ofPod, deps);
}

/** @param records of one Pod */
function attachmentsOf(
  records: readonly AddressRecord[],
  { hostIfname, now }: RecordedAttachmentsDeps,
): RecordedAttachment[] {
  const groups = Map.groupBy(records, ({ assignment: { containerId, ifname = V1_IFNAME } }) =>
    JSON.stringify([containerId, ifname]),
  );
  const attachments = [...groups.values()].map((group) => {
    const { containerId, namespace, pod, ifname = V1_IFNAME } = group[0]!.assignment;
    const given = Math.max(...group.map(({ assignment }) => Date.parse(assignment.createdAt)));
    return {
      containerId,
      namespace,
      pod,
      ifname,
      hostIfname: hostIfname(namespace, pod, ifname),
      addresses: onlyOfTheirFamily(group.map(({ block, offset }) => block.nth(offset))),
      acceptsUnmarked: now().getTime() - given > V1_PLUGIN_MS,
    };
  });
  // of two sandboxes of one Pod, only the mark on the link tells whose it is
  const isAlone = (name: string) => attachments.filter(({ hostIfname: other }) => other === name).length === 1;
  return attachments.map((one) => ({ ...one, acceptsUnmarked: one.acceptsUnmarked && isAlone(one.hostIfname) }));
}

/** v1 gave two addresses to a container whose ADD was repeated at once, and nothing tells which of them its Pod has. */
function onlyOfTheirFamily(addresses: readonly IpAddress[]): readonly IpAddress[] {
  return addresses.filter(({ family }) => addresses.filter((other) => other.family === family).length === 1);
}
