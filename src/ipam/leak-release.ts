import type { Logger } from '../process/logger.ts';
import type { NodeIpam } from './node-ipam.ts';
import { addressesOfAttachment, type RecordedAttachment } from './recorded-attachment.ts';

/** How long what is under way for the same Pod may keep a release waiting. */
const TURN_MS = 60_000;

export interface Leak {
  readonly attachment: RecordedAttachment;
  /** What it is proven by; the kinds of proofs, for the log. */
  readonly proofs: Iterable<string>;
  /** Asked once nothing else happens to the Pod, directly before the change: whether all the proofs hold still. */
  readonly stands: (signal: AbortSignal) => Promise<boolean>;
  /** Takes down what may be left on the node. */
  readonly tearDown?: (signal: AbortSignal) => Promise<void>;
}

export interface LeakReleaseDeps {
  readonly ipam: Pick<NodeIpam, 'releaseAsSeen'>;
  /** Runs `work` while no call for that Pod is served. */
  readonly exclusively: (
    pod: { readonly namespace: string; readonly pod: string },
    signal: AbortSignal,
    work: () => Promise<void>,
  ) => Promise<void>;
  readonly logger: Logger;
}

/** Frees the addresses of attachments that are gone: alone with the Pod, after a last look, and only as they were judged. */
export class LeakRelease {
  readonly #dryRun: boolean;
  readonly #deps: LeakReleaseDeps;

  /** @param options with `dryRun`, it only says what it would free */
  constructor({ dryRun }: { readonly dryRun: boolean }, deps: LeakReleaseDeps) {
    this.#dryRun = dryRun;
    this.#deps = deps;
  }

  /**
   * False where nothing was freed as a record was changed meanwhile: it may be a leak all the same.
   * @throws {CoilError} store-unavailable, conflict; what `stands` and `tearDown` throw
   */
  async release({ attachment, proofs, stands, tearDown }: Leak, signal: AbortSignal): Promise<boolean> {
    const { ipam, exclusively, logger } = this.#deps;
    const fields = { ...leakFields(attachment), proofs: [...proofs] };
    const until = AbortSignal.any([signal, AbortSignal.timeout(TURN_MS)]);
    let isAsSeen = true;
    await exclusively(attachment, until, async () => {
      if (!(await stands(until))) {
        logger.info('kept an address that looked leaked: a proof does not hold any more', fields);
      } else if (this.#dryRun) {
        logger.warn('a leaked address would be freed', fields);
      } else {
        await tearDown?.(until);
        isAsSeen = await ipam.releaseAsSeen(attachment.containerId, attachment.records, until);
        if (isAsSeen) logger.warn('freed a leaked address', fields);
        else logger.info('kept an address that looked leaked: it was changed meanwhile', fields);
      }
    });
    return isAsSeen;
  }
}

export function leakFields(attachment: RecordedAttachment) {
  const { containerId, ifname, namespace, pod, podUid } = attachment;
  const addresses = addressesOfAttachment(attachment).map(String);
  return { addresses, container: containerId, ifname, pod: `${namespace}/${pod}`, podUid };
}
