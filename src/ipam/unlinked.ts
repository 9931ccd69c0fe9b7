import { V1_IFNAME } from '../model/ip-assignment.ts';
import type { AttachmentLinks } from '../podnet/attachment-links.ts';
import { addressesOfAttachment, type RecordedAttachment } from './recorded-attachment.ts';

export interface UnlinkedDeps {
  readonly links: AttachmentLinks;
  /** Name of a Pod's link on the node. */
  readonly hostIfname: (namespace: string, pod: string, ifname: string) => string;
}

/** Keys of those of the attachments that have no link on the node, which is looked at now. @throws {CoilError} network */
export async function unlinkedOf(
  { links, hostIfname }: UnlinkedDeps,
  attachments: readonly RecordedAttachment[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const view = await links.look(signal);
  const unlinked = attachments.filter((attachment) => {
    const { containerId, namespace, pod, ifname = V1_IFNAME } = attachment;
    const host = hostIfname(namespace, pod, ifname);
    return !view.has({ containerId, ifname, hostIfname: host, addresses: addressesOfAttachment(attachment) });
  });
  return new Set(unlinked.map(({ key }) => key));
}
