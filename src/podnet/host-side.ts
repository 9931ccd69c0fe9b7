import type { IpAddress } from '../model/ip-address.ts';

/** A Pod's interface as it is recorded, seen from the node: nothing tells where its network namespace is. */
export interface HostAttachment {
  readonly containerId: string;
  /** Name of the interface inside the Pod. */
  readonly ifname: string;
  /** Name of the host-side end of the veth pair. */
  readonly hostIfname: string;
  /** At most one of each family. */
  readonly addresses: readonly IpAddress[];
  /** Whether a link without an owner's mark, which v1 made, may be taken for this attachment's. */
  readonly acceptsUnmarked: boolean;
}

/** Something of the host's side that was not as it should be. */
export interface HostRepair {
  readonly part: 'link' | 'address' | 'route';
  /** E.g. "route 10.1.2.3 is missing". */
  readonly what: string;
  /** 'left-alone': somebody else's route stands in the way. */
  readonly outcome: 'mended' | 'failed' | 'left-alone';
  /** Why it was not mended. */
  readonly error?: Error;
}

/**
 * How the host's side of an attachment is: 'gone' where no link of its name is there, 'foreign' where that is another
 * container's, or about to be deleted.
 */
export type HostCondition = 'right' | 'damaged' | 'gone' | 'foreign';

/**
 * The port for the host's side of Pods' networks after their ADD: the veth link, the gateway's addresses on it, the
 * routes to the Pod. Only what is 'damaged' can be mended.
 */
export interface HostSide {
  /** Changes nothing. @throws {CoilError} network */
  look(attachment: HostAttachment, signal: AbortSignal): Promise<HostCondition>;

  /**
   * Makes what is not as it should be so, and tells of it. Nobody may attach or detach the Pod meanwhile.
   * @param isWanted asked right before each change, which is not made where it is no longer so
   * @throws {CoilError} network
   */
  mend(attachment: HostAttachment, isWanted: () => boolean, signal: AbortSignal): Promise<readonly HostRepair[]>;
}
