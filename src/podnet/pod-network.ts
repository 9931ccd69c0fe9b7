import { IpAddress } from '../model/ip-address.ts';

/** A Pod's interface, as it is to be. */
export interface Attachment {
  /** Names the owner of the host-side link; kept as its alias. */
  readonly containerId: string;
  /** Path of the Pod's network namespace. */
  readonly netns: string;
  /** Name of the interface inside the Pod, e.g. `eth0`. */
  readonly ifname: string;
  /** Name of the host-side end of the veth pair. */
  readonly hostIfname: string;
  /** At most one of each family, at least one. */
  readonly addresses: readonly IpAddress[];
}

/**
 * An attachment whose addresses may still have to be found. `addresses` is called at most once, and only where the
 * Pod's namespace is there; `attach` makes meanwhile what needs no address, and ends only after it has answered.
 */
export interface AttachRequest extends Omit<Attachment, 'addresses'> {
  readonly addresses: readonly IpAddress[] | (() => Promise<readonly IpAddress[]>);
  /** Asked before a host link of that name is replaced that is not this attachment's. @throws where it has to stay */
  readonly requireLeftOver?: () => void;
}

/** What detaching needs to know; `netns` may be absent or gone, and `addresses` empty where nothing is recorded. */
export interface Detachment {
  readonly containerId: string;
  readonly netns: string | undefined;
  readonly ifname: string;
  readonly hostIfname: string;
  readonly addresses: readonly IpAddress[];
}

export interface LinkInfo {
  readonly name: string;
  /** Lower case, with colons. */
  readonly mac: string;
  /** In bytes. */
  readonly mtu: number;
}

export interface AttachedLinks {
  readonly host: LinkInfo;
  readonly container: LinkInfo;
}

/**
 * The port for a Pod's network inside the node. Calls for different Pods may run side by side; calls for one Pod are
 * the caller's to order. Every operation may be repeated, and be repeated after it was killed half-way.
 */
export interface PodNetwork {
  /**
   * Makes the veth pair, addresses and routes of both ends. Where all is there already for the same container, changes
   * nothing. Undoes what it did where it fails.
   * @throws {CoilError} netns-not-found, link-exists (somebody else's interface of that name), network, address-live
   *   (LiveAddressError); and what `addresses` and `requireLeftOver` throw
   */
  attach(request: AttachRequest, signal: AbortSignal): Promise<AttachedLinks>;

  /**
   * Withdraws the host's routes to the Pod, then deletes the link in the background (the kernel takes 10 to 30 ms for
   * it); a later `attach` of the same host link waits for that. Succeeds where there is nothing left to do, and leaves
   * a host link alone that meanwhile belongs to another container.
   * @throws {CoilError} network
   */
  detach(detachment: Detachment, signal: AbortSignal): Promise<void>;

  /**
   * Compares the kernel with the attachment; changes nothing.
   * @throws {CoilError} check-failed, whose message names the first difference; netns-not-found; network
   */
  check(attachment: Attachment, signal: AbortSignal): Promise<void>;

  /** Waits until no deletion is under way any more. */
  settled(): Promise<void>;
}

/**
 * The next hop of a Pod's default routes, an address of the host's end of the veth pair. It is the same for every Pod,
 * link-local, and never leaves the link, so that a Pod needs no address of the node, and no subnet. IPv4's is v1's.
 */
export const POD_GATEWAY = {
  4: IpAddress.parse('169.254.1.1'),
  6: IpAddress.parse('fe80::1'),
} as const;
