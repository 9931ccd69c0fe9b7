import { formatIpAssignment } from '../model/ip-assignment.ts';
import { Backoff } from '../process/backoff.ts';
import type { Logger } from '../process/logger.ts';
import type { BootRecord } from '../store/boot-record.ts';
import type { AddressRecord } from '../store/ipam-store.ts';
import type { LeakRelease } from './leak-release.ts';
import type { NodeState } from './node-state.ts';
import { attachmentsOf, type RecordedAttachment } from './recorded-attachment.ts';
import { type UnlinkedDeps, unlinkedOf } from './unlinked.ts';

export interface BootReclaimOptions {
  readonly node: string;
  /** Nothing is changed, the record of the boot neither. */
  readonly dryRun: boolean;
  readonly backoff?: Backoff;
}

/** Tells which attachments were made by an ADD that was under way at some time since. */
export interface AttachedSince extends Disposable {
  has(attachment: { readonly containerId: string; readonly ifname: string }): boolean;
}

export interface BootReclaimDeps extends UnlinkedDeps {
  readonly boots: BootRecord;
  /** The kernel's name for this boot (/proc/sys/kernel/random/boot_id). */
  readonly bootId: () => Promise<string>;
  readonly state: Pick<NodeState, 'records'>;
  readonly adds: { since(): AttachedSince };
  readonly release: Pick<LeakRelease, 'release'>;
  readonly logger: Logger;
}

/**
 * Frees at once what was attached before a reboot, of which no link, process or namespace has outlived it. Whoever
 * cannot tell that there was a reboot, since no boot is recorded, frees nothing.
 */
export class BootReclaim {
  readonly #options: BootReclaimOptions;
  readonly #deps: BootReclaimDeps;

  constructor(options: BootReclaimOptions, deps: BootReclaimDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /**
   * Runs until that is done, or `signal` is aborted; never throws.
   * @param recorded all attachments of the node at the start, before coild could make any
   */
  async run(recorded: readonly RecordedAttachment[], signal: AbortSignal): Promise<void> {
    using added = this.#deps.adds.since();
    const backoff = this.#options.backoff ?? new Backoff({ baseMs: 500, maxMs: 30_000 });
    while (!signal.aborted) {
      try {
        if (await this.#run(recorded, added, signal)) return;
      } catch (error) {
        if (signal.aborted) return;
        this.#deps.logger.error('cannot free what was attached before a reboot; trying again', { error });
      }
      await backoff.wait(signal).catch(() => undefined);
    }
  }

  /** Whether that is done. */
  async #run(recorded: readonly RecordedAttachment[], added: AttachedSince, signal: AbortSignal): Promise<boolean> {
    const { boots, bootId, logger } = this.#deps;
    const { node, dryRun } = this.#options;
    const current = await bootId();
    const last = await boots.readBoot(node, signal);
    if (last === current) return true;
    if (last !== undefined) {
      logger.info('the node was rebooted since its last coild', { boot_id: current, last_boot_id: last });
      if (!(await this.#freeUnlinked(recorded, added, signal))) return false;
    }
    // after that, so that whoever is killed before begins anew
    if (!dryRun) await boots.writeBoot(node, current, signal);
    return true;
  }

  /** False where one was kept that was changed meanwhile. */
  async #freeUnlinked(
    recorded: readonly RecordedAttachment[],
    added: AttachedSince,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { state, release } = this.#deps;
    let isDone = true;
    for (const attachment of attachmentsOf(stillThere(recorded, state.records))) {
      // not before it is alone with the Pod: the link that an ADD is making may be taken for any of the Pod's
      const stands = async (until: AbortSignal) =>
        !isAmong(added, attachment) && (await unlinkedOf(this.#deps, [attachment], until)).size > 0;
      if (!(await release.release({ attachment, proofs: ['node', 'reboot'], stands }, signal))) isDone = false;
    }
    return isDone;
  }
}

function isAmong(added: AttachedSince, { containerId, ifname }: RecordedAttachment): boolean {
  return ifname !== undefined && added.has({ containerId, ifname });
}

/** Those of `records` that say what was recorded, at whatever revision: the datastore may have been told of it since. */
function stillThere(recorded: readonly RecordedAttachment[], records: readonly AddressRecord[]) {
  const before = new Set(recorded.flatMap((attachment) => attachment.records.map(wording)));
  return records.filter((record) => before.has(wording(record)));
}

/** The time of the assignment is in it: a later one is another, though of the same container. */
function wording({ block, offset, assignment }: AddressRecord): string {
  return `${block.nth(offset)} ${formatIpAssignment(assignment)}`;
}
