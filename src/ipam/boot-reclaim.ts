import { Backoff } from '../process/backoff.ts';
import type { Logger } from '../process/logger.ts';
import type { BootRecord } from '../store/boot-record.ts';
import type { LeakRelease } from './leak-release.ts';
import type { RecordedAttachment } from './recorded-attachment.ts';
import { type UnlinkedDeps, unlinkedOf } from './unlinked.ts';

export interface BootReclaimOptions {
  readonly node: string;
  /** Nothing is changed, the record of the boot neither. */
  readonly dryRun: boolean;
  readonly backoff?: Backoff;
}

export interface BootReclaimDeps extends UnlinkedDeps {
  readonly boots: BootRecord;
  /** The kernel's name for this boot (/proc/sys/kernel/random/boot_id). */
  readonly bootId: () => Promise<string>;
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
    const backoff = this.#options.backoff ?? new Backoff({ baseMs: 500, maxMs: 30_000 });
    while (!signal.aborted) {
      try {
        return await this.#run(recorded, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#deps.logger.error('cannot free what was attached before a reboot; trying again', { error });
        await backoff.wait(signal).catch(() => undefined);
      }
    }
  }

  async #run(recorded: readonly RecordedAttachment[], signal: AbortSignal): Promise<void> {
    const { boots, bootId, logger } = this.#deps;
    const { node, dryRun } = this.#options;
    const current = await bootId();
    const last = await boots.readBoot(node, signal);
    if (last === current) return;
    if (last !== undefined) {
      logger.info('the node was rebooted since its last coild', { boot_id: current, last_boot_id: last });
      await this.#freeUnlinked(recorded, signal);
    }
    // after that, so that whoever is killed before begins anew
    if (!dryRun) await boots.writeBoot(node, current, signal);
  }

  async #freeUnlinked(recorded: readonly RecordedAttachment[], signal: AbortSignal): Promise<void> {
    const { release } = this.#deps;
    const unlinked = await unlinkedOf(this.#deps, recorded, signal);
    for (const attachment of recorded.filter(({ key }) => unlinked.has(key))) {
      const stands = async (until: AbortSignal) => (await unlinkedOf(this.#deps, [attachment], until)).size > 0;
      await release.release({ attachment, proofs: ['node', 'reboot'], stands }, signal);
    }
  }
}
