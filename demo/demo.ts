/**
 * Shows Coil at work on one machine: two nodes, BGP between them, and Pods that reach each other.
 *
 *   node demo/demo.ts [--store=sqlite|etcd] [--keep]
 */
import { farewell, lookAround } from './advice.ts';
import { buildCluster } from './cluster.ts';
import { showConnectivity } from './connectivity.ts';
import { DemoRun } from './demo-run.ts';
import { type DemoOptions, parseOptions, USAGE } from './options.ts';
import { findMissing } from './prerequisites.ts';
import { Progress, StepFailure } from './progress.ts';
import { describe, reportFailure } from './report.ts';
import { Interrupted, Stop } from './stop.ts';
import { attachPods, detachPods, showRoutes } from './workload.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  let options: DemoOptions;
  try {
    options = parseOptions(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const missing = await findMissing(options.medium);
  for (const sentence of missing) process.stderr.write(`${sentence}\n`);
  return missing.length > 0 ? 1 : await demonstrate(options);
}

async function demonstrate(options: DemoOptions): Promise<number> {
  using stop = new Stop();
  const progress = new Progress();
  const run = await DemoRun.create(stop);
  progress.show(`The network namespaces of this run are called ${run.name}-*.\n\n`);
  let status = 0;
  try {
    await tell(run, progress, options, stop);
  } catch (error) {
    status = await explain(error, run, progress);
  }
  try {
    await progress.step('Take all of it away', () => run[Symbol.asyncDispose]());
  } catch (error) {
    progress.show(
      `\n${describe((error as Error).cause)}\nWhat is left is in ${run.folder}, or a namespace ${run.name}-*: ip netns list\n`,
    );
    status ||= 1;
  }
  if (status === 0) progress.show(farewell(performance.now() / 1000));
  return status;
}

async function tell(run: DemoRun, progress: Progress, { medium, keep }: DemoOptions, stop: Stop): Promise<void> {
  const cluster = await buildCluster(run, progress, medium);
  const workload = await attachPods(run, progress, cluster);
  await showRoutes(run, progress, cluster, workload.pods);
  await showConnectivity(run, progress, cluster, workload);
  if (keep) {
    progress.show(lookAround(run, cluster, workload.pods));
    await stop.untilInterrupt();
  }
  await detachPods(run, progress, cluster, workload.pods);
}

/** Gives the exit status. What stopped the run from beside the step tells more than how the step failed of it. */
async function explain(error: unknown, run: DemoRun, progress: Progress): Promise<number> {
  const reason = run.signal.aborted ? run.signal.reason : error instanceof StepFailure ? error.cause : error;
  if (reason instanceof Interrupted) return reason.exitStatus;
  progress.show(await reportFailure(error, reason, run.keepLogs()));
  return 1;
}
