import type { LeakRelease } from '../ipam/leak-release.ts';
import type { NodeState } from '../ipam/node-state.ts';
import { addressesOfAttachment, attachmentsOf, type RecordedAttachment } from '../ipam/recorded-attachment.ts';
import { CoilError } from '../model/error.ts';
import type { PodNetwork } from '../podnet/pod-network.ts';
import type { AddsSince } from './adds-under-way.ts';
import type { NetworkConfig } from './network-config.ts';
import { attachmentKey } from './valid-attachments.ts';

export interface GcRequest {
  readonly config: NetworkConfig;
  /** Keys of the attachments that the runtime has. */
  readonly valid: ReadonlySet<string>;
}

export interface GarbageCollectionDeps {
  readonly state: Pick<NodeState, 'records'>;
  readonly sync: { ready(signal: AbortSignal): Promise<void> };
  readonly release: Pick<LeakRelease, 'release'>;
  readonly podNetwork: Pick<PodNetwork, 'detach'>;
  /** Name of a Pod's link on the host. */
  readonly hostIfname: (namespace: string, pod: string, ifname: string) => string;
}

interface CniAttachment extends RecordedAttachment {
  readonly ifname: string;
}

/**
 * GC: does DEL's work for every attachment of the runtime's network that it does not have any more. Its word is enough,
 * but only for what was attached before it spoke, and by this network's name: what other networks attached, and what
 * was recorded over the REST API or by v1, is not its own to tell of.
 */
export class GarbageCollection {
  readonly #deps: GarbageCollectionDeps;

  constructor(deps: GarbageCollectionDeps) {
    this.#deps = deps;
  }

  /**
   * Goes on where one fails.
   * @param added since the runtime spoke
   * @throws {CoilError} what the first of them failed with
   */
  async collect({ config, valid }: GcRequest, added: Pick<AddsSince, 'has'>, signal: AbortSignal): Promise<void> {
    const { state, sync, release } = this.#deps;
    await sync.ready(signal);
    const garbage = attachmentsOf(state.records)
      .filter((attachment): attachment is CniAttachment => attachment.ifname !== undefined)
      .filter((attachment) => attachment.network === config.name && !valid.has(attachmentKey(attachment)));
    const failures: { readonly attachment: CniAttachment; readonly error: unknown }[] = [];
    for (const attachment of garbage) {
      const stands = async () => !added.has(attachment);
      const tearDown = (until: AbortSignal) => this.#detach(attachment, until);
      try {
        await release.release({ attachment, proofs: ['valid-attachments'], stands, tearDown }, signal);
      } catch (error) {
        signal.throwIfAborted();
        failures.push({ attachment, error });
      }
    }
    const [first] = failures;
    if (first) throw unfinished(failures.length, first);
  }

  async #detach(attachment: CniAttachment, signal: AbortSignal): Promise<void> {
    const { podNetwork, hostIfname } = this.#deps;
    const { containerId, ifname, namespace, pod } = attachment;
    const addresses = addressesOfAttachment(attachment);
    const host = hostIfname(namespace, pod, ifname);
    await podNetwork.detach({ containerId, ifname, netns: undefined, hostIfname: host, addresses }, signal);
  }
}

function unfinished(count: number, first: { attachment: CniAttachment; error: unknown }): CoilError {
  const { containerId, ifname } = first.attachment;
  const others = count === 1 ? '' : ` and of ${count - 1} more`;
  const message = `cannot clean up interface ${ifname} of container ${containerId}${others}`;
  const code = CoilError.is(first.error) ? first.error.code : 'internal';
  return new CoilError(code, message, { cause: first.error });
}
