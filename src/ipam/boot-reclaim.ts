import { CoilError } from '../model/error.ts';
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
 * cannot tell that there was a reboot, since no boot is recorded or what is cannot be read, frees nothing.
 */
export class BootReclaim {
  readonly #options: BootReclaimOptions;
  readonly #deps: BootReclaimDeps;
  #isDone = false;

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
        this.#isDone = await this.#run(recorded, added, signal);
        if (this.#isDone) return;
      } catch (error) {
        if (signal.aborted) return;
        this.#deps.logger.error('cannot free what was attached before a reboot; trying again', { error });
      }
      await backoff.wait(signal).catch(() => undefined);
    }
  }

  /**
   * Sees to it that this boot is recorded as long as there is anything that a reboot would leave. The record goes with
   * the node's blocks: a Node that was deleted, and came back while coild ran on, has new ones and no record. To be
   * called again and again; never throws.
   */
  async keepRecord(signal: AbortSignal): Promise<void> {
    const { boots, bootId, state, logger } = this.#deps;
    const { node, dryRun } = this.#options;
    if (!this.#isDone || dryRun || state.records.length === 0) return;
    try {
      const current = await bootId();
      if ((await this.#lastBoot(signal)) !== current) await boots.writeBoot(node, current, signal);
    } catch (error) {
      if (!signal.aborted) logger.debug('cannot see whether this boot is recorded; trying again', { error });
    }
  }

  /** Whether that is done. */
  async #run(recorded: readonly RecordedAttachment[], added: AttachedSince, signal: AbortSignal): Promise<boolean> {
    const { boots, bootId, logger } = this.#deps;
    const { node, dryRun } = this.#options;
    const current = await bootId();
    const last = await this.#lastBoot(signal);
    if (last === current) return true;
    if (last !== undefined) {
      logger.info('the node was rebooted since its last coild', { boot_id: current, last_boot_id: last });
      if (!(await this.#freeUnlinked(recorded, added, signal))) return false;
    }
    // after that, so that whoever is killed before begins anew
    if (!dryRun) await boots.writeBoot(node, current, signal);
    return true;
  }

  /** Undefined where it is not known. */
  async #lastBoot(signal: AbortSignal): Promise<string | undefined> {
    const { boots, logger } = this.#deps;
    try {
      return await boots.readBoot(this.#options.node, signal);
    } catch (error) {
      if (!CoilError.is(error, 'corrupt-data')) throw error;
      // nobody but this coild has a use for it, and without a new one no reboot would be known any more
      logger.error(
        'the last boot of this node cannot be read; nothing is freed for it, and this one is written over it',
        {
          error,
        },
      );
      return undefined;
    }
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
