import { sleep } from '../process/backoff.ts';
import type { Logger } from '../process/logger.ts';
import type { BootReclaim } from './boot-reclaim.ts';
import type { LeakJudge, Proof } from './leak-judge.ts';
import { type LeakRelease, leakFields } from './leak-release.ts';
import { LeakSuspects } from './leak-suspects.ts';
import type { NodeState } from './node-state.ts';
import { attachmentsOf, type RecordedAttachment } from './recorded-attachment.ts';

export interface ReclaimOptions {
  /** How long all proofs of a leak have to hold, in milliseconds. */
  readonly graceMs: number;
  /** How often is looked, in milliseconds. */
  readonly intervalMs: number;
}

export interface ReclaimDeps {
  readonly state: Pick<NodeState, 'records'>;
  readonly sync: { ready(signal: AbortSignal): Promise<void>; readonly isFresh: boolean };
  readonly boot: Pick<BootReclaim, 'run' | 'keepRecord'>;
  readonly judge: Pick<LeakJudge, 'judge'>;
  readonly release: Pick<LeakRelease, 'release'>;
  /** Monotonic, in milliseconds. */
  readonly clock: () => number;
  readonly logger: Logger;
  readonly sleep?: typeof sleep;
}

/**
 * Frees the addresses that a failed or lost DEL has left: those that are proven leaked at every look of a whole grace,
 * and at one more directly before the change.
 */
export class Reclaim {
  readonly #options: ReclaimOptions;
  readonly #deps: ReclaimDeps;
  readonly #suspects: LeakSuspects;
  #told: ReadonlyMap<string, RecordedAttachment> = new Map();

  constructor(options: ReclaimOptions, deps: ReclaimDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#suspects = new LeakSuspects(options);
  }

  /** Runs until `signal` is aborted; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { sync, boot, logger } = this.#deps;
    try {
      await sync.ready(signal);
      // in the same turn as it was read: no answer of the datastore to a call of ours can have come
      await Promise.all([boot.run(this.#recorded(), signal), this.#lookOn(signal)]);
    } catch (error) {
      if (!signal.aborted) logger.error('leaks are not reclaimed any more', { error });
    }
  }

  /** Looks once, and frees what is due. @throws the signal's reason */
  async look(signal: AbortSignal): Promise<void> {
    const { sync, boot, judge, clock } = this.#deps;
    await boot.keepRecord(signal);
    // read before the others are asked: what comes later is not judged by what they knew before
    const recorded = this.#recorded();
    if (!sync.isFresh) return this.#suspects.clear();
    const { begun, cleared, due } = this.#suspects.look(await judge.judge(recorded, signal), clock());
    this.#tell(recorded, begun, cleared);
    for (const attachment of recorded) {
      const proofs = due.get(attachment.key);
      if (proofs) await this.#release(attachment, proofs, signal);
    }
  }

  async #lookOn(signal: AbortSignal): Promise<void> {
    const { sleep: wait = sleep } = this.#deps;
    for (;;) {
      await wait(this.#options.intervalMs, signal);
      await this.look(signal);
    }
  }

  #recorded(): RecordedAttachment[] {
    return attachmentsOf(this.#deps.state.records);
  }

  async #release(attachment: RecordedAttachment, proofs: ReadonlySet<Proof>, signal: AbortSignal): Promise<void> {
    const { sync, judge, release, logger } = this.#deps;
    const stands = async (until: AbortSignal) => {
      const now = (await judge.judge(this.#recorded(), until, [attachment])).get(attachment.key);
      return sync.isFresh && [...proofs].every((proof) => now?.has(proof));
    };
    try {
      await release.release({ attachment, proofs, stands }, signal);
      this.#suspects.forget(attachment.key);
    } catch (error) {
      signal.throwIfAborted();
      logger.error('cannot free a leaked address; trying again', { ...leakFields(attachment), error });
    }
  }

  #tell(recorded: readonly RecordedAttachment[], begun: readonly string[], cleared: readonly string[]): void {
    const { logger } = this.#deps;
    const known = new Map(recorded.map((attachment) => [attachment.key, attachment]));
    for (const key of begun)
      logger.info('an address looks leaked; it is watched for the grace', leakFields(known.get(key)!));
    for (const key of cleared) {
      const before = this.#told.get(key);
      if (before) logger.info('an address does not look leaked any more', leakFields(before));
    }
    this.#told = known;
  }
}
