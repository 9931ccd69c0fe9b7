import type { KeyedLock } from '../ipam/keyed-lock.ts';
import type { Allocation, AllocationRequest, PodAddresses, PodInterface, ReleaseRequest } from '../ipam/node-ipam.ts';
import { CoilError } from '../model/error.ts';
import type { IpAddress } from '../model/ip-address.ts';
import { LiveAddressError } from '../model/live-address-error.ts';
import type { Attachment, PodNetwork } from '../podnet/pod-network.ts';
import type { Logger } from '../process/logger.ts';
import { AddsUnderWay } from './adds-under-way.ts';
import type { AttachmentRequest, CheckRequest, FullAttachmentRequest } from './cni-request.ts';
import { findMissing } from './prev-result.ts';
import type { AttachResult } from './result.ts';

/** What the verbs need of the address management. */
export interface PodIpam {
  allocate(request: AllocationRequest, signal: AbortSignal): Promise<Allocation>;
  release(request: ReleaseRequest, signal: AbortSignal): Promise<readonly IpAddress[]>;
  find(request: ReleaseRequest, signal: AbortSignal): Promise<PodAddresses | undefined>;
  /** Has an address given out last, for a while. */
  avoid(address: IpAddress): void;
  /** Whose addresses are recorded. */
  interfaces(): readonly PodInterface[];
}

export interface PodAttacherDeps {
  readonly ipam: PodIpam;
  readonly podNetwork: PodNetwork;
  /** Name of a Pod's link on the host. */
  readonly hostIfname: (namespace: string, pod: string, ifname: string) => string;
  /** By `NAMESPACE/POD`; shared with whoever else changes a Pod's network. */
  readonly lock: KeyedLock;
  readonly logger: Logger;
}

/** CNI's verbs: addresses first, then the network. Calls for one Pod are served one after the other. */
export class PodAttacher {
  readonly adds = new AddsUnderWay();
  readonly #deps: PodAttacherDeps;
  readonly #lock: KeyedLock;

  constructor(deps: PodAttacherDeps) {
    this.#deps = deps;
    this.#lock = deps.lock;
  }

  /** ADD: gives the attachment addresses and a network; where it has both, changes nothing. */
  add(request: FullAttachmentRequest, signal: AbortSignal): Promise<AttachResult> {
    return this.adds.during(request, () => this.#add(request, signal));
  }

  #add(request: FullAttachmentRequest, signal: AbortSignal): Promise<AttachResult> {
    const { namespace, pod } = request;
    return this.#lock.run(`${namespace}/${pod}`, signal, async () => {
      const live = new Set<string>();
      for (;;) {
        try {
          return await this.#attach(request, signal);
        } catch (error) {
          if (!(error instanceof LiveAddressError)) throw error;
          const { address, message } = error;
          if (live.has(String(address))) throw noneFree(error);
          live.add(String(address));
          this.#deps.ipam.avoid(address);
          const fields = { namespace, pod, containerId: request.containerId, address: String(address), found: message };
          this.#deps.logger.warn('an address is in use without a record; trying another one', fields);
        }
      }
    });
  }

  async #attach(request: FullAttachmentRequest, signal: AbortSignal): Promise<AttachResult> {
    const { config, containerId, ifname, namespace, pod, podUid, netns } = request;
    const { ipam, podNetwork, hostIfname, logger } = this.#deps;
    let allocation: Allocation = { addresses: [], existed: true };
    const addresses = async () => {
      const uid = podUid === undefined ? {} : { podUid };
      allocation = await ipam.allocate({ containerId, ifname, namespace, pod, ...uid, network: config.name }, signal);
      return allocation.addresses;
    };
    try {
      const host = hostIfname(namespace, pod, ifname);
      const requireLeftOver = () => this.#requireNoOthers(host, request);
      const links = await podNetwork.attach(
        { containerId, netns, ifname, hostIfname: host, addresses, requireLeftOver },
        signal,
      );
      const fields = { namespace, pod, containerId, ifname, addresses: allocation.addresses.map(String) };
      // once it is answered: the Pod waits for that, and not for the log
      setImmediate(() => logger.info('attached a Pod', fields));
      return { netns, links, addresses: allocation.addresses };
    } catch (error) {
      if (!allocation.existed) await this.#undoAllocation({ containerId, ifname });
      throw error;
    }
  }

  /** DEL: withdraws the routes, frees the addresses; succeeds where there is nothing left to do. */
  async del(request: AttachmentRequest, signal: AbortSignal): Promise<void> {
    const { containerId, ifname, netns } = request;
    const { ipam, podNetwork, hostIfname, logger } = this.#deps;
    const recorded = await ipam.find(releaseRequest(request), signal);
    const namespace = request.namespace ?? recorded?.namespace;
    const pod = request.pod ?? recorded?.pod;
    // nothing is recorded, and nothing says which Pod it was: nothing of ours can be found, or is there
    if (namespace === undefined || pod === undefined) return;
    await this.#lock.run(`${namespace}/${pod}`, signal, async () => {
      const addresses = (await ipam.find(releaseRequest(request), signal))?.addresses ?? [];
      const host = hostIfname(namespace, pod, ifname);
      await podNetwork.detach({ containerId, netns, ifname, hostIfname: host, addresses }, signal);
      await ipam.release(releaseRequest(request), signal);
      const fields = { namespace, pod, containerId, ifname, addresses: addresses.map(String) };
      // runtimes repeat a DEL that succeeded
      setImmediate(() => {
        if (addresses.length > 0) logger.info('detached a Pod', fields);
        else logger.debug('nothing is recorded of a Pod that was to be detached', fields);
      });
    });
  }

  /** Runs `work` while no call for that Pod is served. @throws the signal's reason where it is aborted before */
  exclusively<T>(
    { namespace, pod }: { readonly namespace: string; readonly pod: string },
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    return this.#lock.run(`${namespace}/${pod}`, signal, work);
  }

  /** CHECK: compares the datastore, the kernel and the runtime's own result. @throws {CoilError} check-failed */
  check(request: CheckRequest, signal: AbortSignal): Promise<void> {
    const { containerId, ifname, namespace, pod, netns, prevResult } = request;
    return this.#lock.run(`${namespace}/${pod}`, signal, async () => {
      const addresses = (await this.#deps.ipam.find(releaseRequest(request), signal))?.addresses ?? [];
      if (addresses.length === 0) {
        throw new CoilError(
          'check-failed',
          `no address is assigned to interface ${ifname} of container ${containerId}`,
        );
      }
      const missing = findMissing(prevResult, { netns, ifname, addresses });
      if (missing !== undefined) throw new CoilError('check-failed', missing);
      await this.#deps.podNetwork.check(this.#attachment(request, addresses), signal);
    });
  }

  #attachment(request: FullAttachmentRequest, addresses: readonly IpAddress[]): Attachment {
    const { containerId, ifname, namespace, pod, netns } = request;
    return { containerId, netns, ifname, addresses, hostIfname: this.#deps.hostIfname(namespace, pod, ifname) };
  }

  /** Pods' names may come to one name of a link, by chance, or because somebody looked for such a name. */
  #requireNoOthers(link: string, { namespace, pod }: PodInterface): void {
    const { ipam, hostIfname } = this.#deps;
    const isOther = (one: PodInterface) => one.namespace !== namespace || one.pod !== pod;
    const other = ipam
      .interfaces()
      .find((one) => isOther(one) && hostIfname(one.namespace, one.pod, one.ifname) === link);
    if (other === undefined) return;
    const message = `the name of Pod ${namespace}/${pod} comes to the link ${link}, which Pod ${other.namespace}/${other.pod} has`;
    throw new CoilError('link-exists', `${message}; give one of them another name`);
  }

  /** The runtime sends a DEL after a failed ADD, so a failure here loses nothing. */
  async #undoAllocation(request: ReleaseRequest): Promise<void> {
    try {
      await this.#deps.ipam.release(request, AbortSignal.timeout(5_000));
    } catch (error) {
      this.#deps.logger.warn('cannot free the addresses of a failed ADD; its DEL will', { ...request, error });
    }
  }
}

function releaseRequest({ containerId, ifname, namespace, pod }: AttachmentRequest): ReleaseRequest {
  return { containerId, ifname, ...(namespace && pod ? { namespace, pod } : {}) };
}

/** Every address that could be given was found to be in use, or the attachment has such a one already. */
function noneFree(cause: LiveAddressError): CoilError {
  return new CoilError('address-live', 'no other address could be had for this Pod', { cause });
}
