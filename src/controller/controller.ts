import type { Logger } from '../process/logger.ts';
import type { Metrics } from '../process/metrics.ts';
import type { IpamStore } from '../store/ipam-store.ts';
import { AddressScan } from './address-scan.ts';
import { ControllerMetrics } from './controller-metrics.ts';
import { ELECTION_TIMES, LeaderElection } from './leader-election.ts';
import type { LeaseStore } from './lease-store.ts';
import { NodeReclaim } from './node-reclaim.ts';
import type { NodeSource } from './node-source.ts';
import type { PodSource } from './pod-source.ts';
import type { Readiness } from './readiness.ts';

export interface ControllerOptions {
  /** Unlike that of any other replica. */
  readonly identity: string;
  readonly nodeGraceMs: number;
  readonly scanIntervalMs: number;
  readonly addressExpirationMs: number;
}

export interface ControllerDeps {
  readonly store: Pick<IpamStore, 'listPools' | 'listBlocks' | 'listAddresses' | 'findAddress' | 'releaseNode'>;
  readonly nodes: NodeSource;
  readonly pods: PodSource;
  readonly leases: LeaseStore;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Monotonic, in milliseconds. */
  readonly clock: () => number;
  readonly now: () => Date;
}

/**
 * The cluster's controller: while it leads, it takes care of nodes that are gone, and compares addresses and Pods. Which
 * nodes are gone it follows all the time, so that a new leader goes on where the last one was.
 */
export async function runController(
  options: ControllerOptions,
  deps: ControllerDeps,
  signal: AbortSignal,
): Promise<void> {
  const { identity } = options;
  const { readiness } = deps;
  const election = new LeaderElection({ identity, ...ELECTION_TIMES }, deps);
  const metrics = new ControllerMetrics(deps.store, deps.metrics);
  const reclaim = new NodeReclaim(options, { ...deps, store: metrics.releasing });
  const lead = async (leading: AbortSignal) => {
    const scan = new AddressScan(options, { ...deps, scanned: metrics.scanned.bind(metrics) });
    metrics.lead(true);
    try {
      await allOrNone([(until) => reclaim.lead(until), (until) => scan.run(until)], leading);
    } finally {
      metrics.lead(false);
      // a candidate needs neither
      readiness.report('nodes', undefined);
      readiness.report('datastore', undefined);
    }
  };
  await allOrNone([(until) => reclaim.run(until), (until) => election.run(lead, until)], signal);
}

/** Runs tasks side by side; where one fails, the others are stopped and waited for. */
async function allOrNone(
  tasks: readonly ((until: AbortSignal) => Promise<void>)[],
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const until = AbortSignal.any([signal, failed.signal]);
  const running = tasks.map((task) =>
    task(until).catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  );
  const results = await Promise.allSettled(running);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
