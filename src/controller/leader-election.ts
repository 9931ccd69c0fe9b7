import { sleep } from '../process/backoff.ts';
import { withDeadline } from '../process/deadline.ts';
import { errorText } from '../process/error-text.ts';
import type { Logger } from '../process/logger.ts';
import type { Lease, LeaseClaim, LeaseStore } from './lease-store.ts';
import type { Readiness } from './readiness.ts';

/** How long giving the Lease up may take at a shutdown. */
const RELEASE_MS = 2_000;
const RELEASE_RETRY_MS = 50;

export interface LeaderElectionOptions {
  /** Unlike that of any other candidate. */
  readonly identity: string;
  /** How long after its last renewal others may take the Lease. */
  readonly leaseMs: number;
  /** How long after its last renewal a leader stops to be one; less than `leaseMs`. */
  readonly renewDeadlineMs: number;
  /** How often the Lease is looked at, or renewed. */
  readonly retryMs: number;
}

/** As the controllers of Kubernetes have them. */
export const ELECTION_TIMES = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 } as const;

export interface LeaderElectionDeps {
  readonly leases: LeaseStore;
  readonly readiness: Pick<Readiness, 'report'>;
  readonly logger: Logger;
  /** Monotonic, in milliseconds: the clocks of other machines do not matter. */
  readonly clock: () => number;
  readonly now: () => Date;
  readonly sleep?: typeof sleep;
}

/**
 * Lets one of several processes at a time act. A leader renews a Lease of Kubernetes; a candidate that has seen no change
 * of it for as long as it holds takes it over. A leader that cannot renew it stops before others may take it.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #deps: LeaderElectionDeps;
  readonly #sleep: typeof sleep;
  /** The Lease as it was when it last changed, and when that was seen. */
  #seen: { readonly lease: Lease; readonly at: number } | undefined;

  constructor(options: LeaderElectionOptions, deps: LeaderElectionDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#sleep = deps.sleep ?? sleep;
  }

  /**
   * Runs `lead` whenever this process is the leader, with a signal that is aborted once it is not any more; until
   * `signal` is aborted. The Lease is given up when `lead` has ended. @throws what `lead` throws while it leads
   */
  async run(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { logger } = this.#deps;
    const { identity } = this.#options;
    for (;;) {
      const heldSince = await this.#becomeLeader(signal);
      if (heldSince === undefined) return;
      logger.info('this process leads', { identity });
      try {
        const isLost = await this.#stayLeader(lead, heldSince, signal);
        if (isLost) logger.warn('this process does not lead any more', { identity });
      } finally {
        await this.#giveUp();
      }
    }
  }

  /** Gives when the Lease was asked for; undefined where `signal` ended the wait. */
  async #becomeLeader(signal: AbortSignal): Promise<number | undefined> {
    const { clock } = this.#deps;
    const { renewDeadlineMs, retryMs } = this.#options;
    while (!signal.aborted) {
      const askedAt = clock();
      const outcome = await this.#attempt(renewDeadlineMs, signal);
      if (outcome === 'held') return askedAt;
      // it was cut off, and nobody knows what became of it
      if (outcome === 'unknown' && signal.aborted) await this.#giveUp();
      // candidates that collided do not collide again
      await this.#sleep(retryMs * (0.8 + 0.4 * Math.random()), signal).catch(() => undefined);
    }
    return undefined;
  }

  /** Gives whether the Lease was lost, rather than `signal` aborted. */
  async #stayLeader(
    lead: (signal: AbortSignal) => Promise<void>,
    heldSince: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { clock } = this.#deps;
    const { renewDeadlineMs, retryMs } = this.#options;
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    const leading = lead(until).finally(() => over.abort(new Error('leading has ended')));
    // a failure counts when it is awaited below
    leading.catch(() => undefined);
    try {
      for (let renewedAt = heldSince; !until.aborted; ) {
        await this.#sleep(Math.min(retryMs, renewedAt + renewDeadlineMs - clock()), until).catch(() => undefined);
        const leftMs = renewedAt + renewDeadlineMs - clock();
        if (until.aborted || leftMs <= 0) break;
        const askedAt = clock();
        const outcome = await this.#attempt(leftMs, until);
        if (outcome === 'held') renewedAt = askedAt;
        if (outcome === 'taken') break;
      }
    } finally {
      over.abort(new Error('this process does not lead any more'));
      await leading;
    }
    return !signal.aborted;
  }

  /** `taken`: by another. `unknown`: nobody answered, in `ms` milliseconds, or others were faster. */
  async #attempt(ms: number, signal: AbortSignal): Promise<'held' | 'taken' | 'unknown'> {
    const { readiness, logger } = this.#deps;
    try {
      const outcome = await withDeadline({ ms, signal }, (until) => this.#takeOrRenew(until));
      readiness.report('leadership', undefined);
      return outcome;
    } catch (error) {
      if (signal.aborted) return 'unknown';
      readiness.report('leadership', `the Lease cannot be read or renewed: ${errorText(error)}`);
      logger.warn('cannot ask Kubernetes who leads; trying again', { error });
      return 'unknown';
    }
  }

  async #takeOrRenew(signal: AbortSignal): Promise<'held' | 'taken' | 'unknown'> {
    const { leases, clock } = this.#deps;
    const { identity } = this.#options;
    const lease = await leases.read(signal);
    if (lease === undefined) return (await leases.create(this.#claim(undefined), signal)) ? 'held' : 'unknown';
    if (this.#seen?.lease.version !== lease.version) this.#seen = { lease, at: clock() };
    const isOurs = lease.holder === identity;
    const isFree = lease.holder === '' || clock() - this.#seen.at >= lease.durationSeconds * 1000;
    if (!isOurs && !isFree) return 'taken';
    return (await leases.replace(lease.version, this.#claim(lease), signal)) ? 'held' : 'unknown';
  }

  #claim(before: Lease | undefined): LeaseClaim {
    const { identity, leaseMs } = this.#options;
    const now = this.#deps.now();
    const isOurs = before?.holder === identity;
    return {
      holder: identity,
      durationSeconds: Math.ceil(leaseMs / 1000),
      acquiredAt: isOurs ? before.acquiredAt : now,
      renewedAt: now,
      transitions: (before?.transitions ?? 0) + (before === undefined || isOurs ? 0 : 1),
    };
  }

  /** So that another need not wait for the Lease to run out. */
  async #giveUp(): Promise<void> {
    const { logger } = this.#deps;
    const { identity } = this.#options;
    try {
      await withDeadline({ ms: RELEASE_MS, signal: new AbortController().signal }, async (signal) => {
        while (!(await this.#release(signal))) await sleep(RELEASE_RETRY_MS, signal);
      });
    } catch (error) {
      logger.info('cannot give the Lease up; another process leads once it has run out', { identity, error });
    }
  }

  /** False where it was changed meanwhile: a claim of ours that was cut off may be carried out all the same. */
  async #release(signal: AbortSignal): Promise<boolean> {
    const { leases, now } = this.#deps;
    const lease = await leases.read(signal);
    // one that is free is changed too, so that such a claim comes too late
    if (lease === undefined || (lease.holder !== this.#options.identity && lease.holder !== '')) return true;
    const time = now();
    const { transitions } = lease;
    const claim = { holder: '', durationSeconds: 1, acquiredAt: time, renewedAt: time, transitions };
    return await leases.replace(lease.version, claim, signal);
  }
}
