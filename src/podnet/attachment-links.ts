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

/** A link of the node that carries an owner's mark. */
export interface MarkedLink {
  readonly name: string;
  /** `CONTAINER/INTERFACE`, or a hash of that where it is long. */
  readonly owner: string;
  /** Those that a route of the node leads to it for. */
  readonly addresses: readonly IpAddress[];
}

/** Who has an address, as it is recorded. */
export interface AddressClaim {
  readonly address: IpAddress;
  /** Empty: anybody may have it. */
  readonly containerId: string;
  /** Without it, any of the container's interfaces may have it. */
  readonly ifname?: string;
}

/** The links of a node at one moment. */
export interface LinksView {
  /**
   * Whether there is a link that is the attachment's, or may be: by its alias, whatever its name; by its name where it
   * has no alias, as v1 made it; or by a route to one of the addresses, which leads to it. A veth goes with the
   * namespace of its other end, so one that is there has a namespace behind it.
   */
  has(traces: LinkTraces): boolean;

  /** Marked links that have addresses which none of the claims lets them have, each with these addresses. */
  unclaimed(claims: readonly AddressClaim[]): readonly MarkedLink[];
}

/** The port for what the node's kernel knows of attachments. */
export interface AttachmentLinks {
  /** @throws {CoilError} network where the kernel does not tell */
  look(signal: AbortSignal): Promise<LinksView>;
}
