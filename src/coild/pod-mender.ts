import type { KeyedLock } from '../ipam/keyed-lock.ts';
import type { NodeState } from '../ipam/node-state.ts';
import type { HostRepair, HostSide } from '../podnet/host-side.ts';
import { Backoff, sleep } from '../process/backoff.ts';
import type { LogFields, Logger } from '../process/logger.ts';
import {
  attachmentsOfPod,
  type PodName,
  podKey,
  type RecordedAttachment,
  type RecordedAttachmentsDeps,
} from './recorded-attachments.ts';
import type { RepairPace } from './repair-pace.ts';

export interface PodMenderDeps extends RecordedAttachmentsDeps {
  readonly hostSide: HostSide;
  readonly state: Pick<NodeState, 'records'>;
  /** By `NAMESPACE/POD`: whoever attaches or detaches a Pod holds it. */
  readonly lock: KeyedLock;
  readonly pace: RepairPace;
  readonly logger: Logger;
}

/** Makes the host's side of Pods' networks what the records say. */
export class PodMender {
  readonly #deps: PodMenderDeps;

  constructor(deps: PodMenderDeps) {
    this.#deps = deps;
  }

  /**
   * Looks without the lock, so that nobody waits for it who attaches or detaches; where something is wrong, looks again
   * with it, and mends. Tries again, more and more rarely, where that fails. Never throws.
   */
  async mend(pod: PodName, signal: AbortSignal): Promise<void> {
    const backoff = new Backoff({ baseMs: 500, maxMs: 30_000 });
    while (!signal.aborted) {
      try {
        if (!(await this.#isDamaged(pod, signal))) return;
        const ms = this.#deps.pace.delay(podKey(pod));
        if (ms > 0) await sleep(ms, signal);
        if (await this.#deps.lock.run(podKey(pod), signal, () => this.#mendLocked(pod, signal))) return;
      } catch (error) {
        if (signal.aborted) return;
        this.#deps.logger.error('cannot see to the network of a Pod; trying again', { ...pod, error });
      }
      await backoff.wait(signal).catch(() => undefined);
    }
  }

  /** Says so where a Pod's link is gone that should be there. There is no way to make it anew. Never throws. */
  async tellOfDeletion(pod: PodName, signal: AbortSignal): Promise<void> {
    const { hostSide, lock, logger } = this.#deps;
    try {
      await lock.run(podKey(pod), signal, async () => {
        for (const attachment of this.#attachments(pod)) {
          if ((await hostSide.look(attachment, signal)) !== 'gone') continue;
          logger.warn('the link of a Pod was deleted; it has no network until its sandbox is made anew', {
            ...fieldsOf(attachment),
          });
        }
      });
    } catch (error) {
      if (!signal.aborted) logger.error('cannot look for the link of a Pod', { ...pod, error });
    }
  }

  async #isDamaged(pod: PodName, signal: AbortSignal): Promise<boolean> {
    for (const attachment of this.#attachments(pod)) {
      if ((await this.#deps.hostSide.look(attachment, signal)) === 'damaged') return true;
    }
    return false;
  }

  /** Whether nothing failed. */
  async #mendLocked(pod: PodName, signal: AbortSignal): Promise<boolean> {
    let succeeded = true;
    for (const attachment of this.#attachments(pod)) {
      const repairs = await this.#deps.hostSide.mend(attachment, () => this.#isWanted(pod, attachment), signal);
      if (repairs.length > 0) this.#tell(attachment, repairs, this.#deps.pace.strike(podKey(pod)));
      if (repairs.some(({ outcome }) => outcome === 'failed')) succeeded = false;
    }
    return succeeded;
  }

  #attachments(pod: PodName): readonly RecordedAttachment[] {
    return attachmentsOfPod(pod, this.#deps.state.records, this.#deps);
  }

  /** Whether it is recorded as it was: addresses are freed without the lock too, over the REST API. */
  #isWanted(pod: PodName, attachment: RecordedAttachment): boolean {
    const identity = ({ containerId, ifname, addresses }: RecordedAttachment) =>
      `${containerId} ${ifname} ${addresses}`;
    return this.#attachments(pod).some((now) => identity(now) === identity(attachment));
  }

  #tell(attachment: RecordedAttachment, repairs: readonly HostRepair[], inARow: number): void {
    const { logger } = this.#deps;
    const mended = Map.groupBy(
      repairs.filter(({ outcome }) => outcome === 'mended'),
      ({ part }) => part,
    );
    const fields = (part: HostRepair['part']): LogFields => ({
      ...fieldsOf(attachment),
      found: mended.get(part)?.map(({ what }) => what),
      inARow,
    });
    if (mended.has('link')) logger.warn('set the link of a Pod up that somebody set down', fields('link'));
    if (mended.has('address')) {
      logger.warn('put back an address that somebody removed from the link of a Pod', fields('address'));
    }
    if (mended.has('route')) logger.warn('put back a route that somebody removed', fields('route'));
    for (const { what, error, outcome } of repairs) {
      if (outcome !== 'mended') logger.error('cannot mend the link of a Pod', { ...fieldsOf(attachment), what, error });
    }
  }
}

function fieldsOf({ namespace, pod, containerId, hostIfname, addresses }: RecordedAttachment): LogFields {
  return { namespace, pod, containerId, link: hostIfname, addresses: addresses.map(String) };
}
