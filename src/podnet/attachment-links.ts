import type { IpAddress } from '../model/ip-address.ts';

/** What an attachment's link on the node is known by. */
export interface LinkTraces {
  readonly containerId: string;
  /** Name of the interface in the Pod. */
  readonly ifname: string;
  /** Name that the link was given. */
  readonly hostIfname: string;
  readonly addresses: readonly IpAddress[];
}

/** The links of a node at one moment. */
export interface LinksView {
  /**
   * Whether there is a link that is the attachment's, or may be: by its alias, whatever its name; by its name where it
   * has no alias, as v1 made it; or by a route to one of the addresses, which leads to it. A veth goes with the
   * namespace of its other end, so one that is there has a namespace behind it.
   */
  has(traces: LinkTraces): boolean;
}

/** The port for what the node's kernel knows of attachments. */
export interface AttachmentLinks {
  /** @throws {CoilError} network where the kernel does not tell */
  look(signal: AbortSignal): Promise<LinksView>;
}
