/**
 * Coil on a real Kubernetes: `make e2e`. All of it runs inside of a machine of namespaces, which goes with everything in
 * it when this program ends, by whatever means.
 *
 *   node test/e2e-kube/e2e.ts [SCENARIO...]       numbers; without any, all scenarios
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Interrupted, Stop } from '../../demo/stop.ts';
import { compilePause } from '../e2e/image.ts';
import { Machine } from '../e2e/machine.ts';
import { kernelSettings } from './kernel-settings.ts';
import { leftovers } from './leftovers.ts';
import { missing } from './requirements.ts';

const PROGRAM = join(import.meta.dirname, 'run-scenarios.ts');
const SAVED = join(import.meta.dirname, '../../dist/e2e-logs');
/** On the machine, in memory. */
const FOLDER = '/run/e2e';

process.exitCode = await main(parseArgs({ allowPositionals: true }).positionals);

async function main(scenarios: readonly string[]): Promise<number> {
  const reasons = missing();
  for (const reason of reasons) process.stderr.write(`make e2e ${reason}\n`);
  if (reasons.length > 0) return 1;
  using stop = new Stop();
  const started = performance.now();
  const settings = await kernelSettings();
  const machine = await Machine.start(await compilePause());
  let status: number;
  try {
    status = await runOn(machine, scenarios, stop.signal);
    if (status !== 0 && !stop.signal.aborted) await saveLogs(machine);
  } finally {
    await machine[Symbol.asyncDispose]();
  }
  const changed = (await kernelSettings()).filter((one) => !settings.includes(one)).map((one) => `setting ${one}`);
  const left = [...(await leftovers(basename(machine.folder))), ...changed];
  for (const one of left) process.stderr.write(`left behind: ${one}\n`);
  process.stdout.write(
    `The scenarios took, with all that is around them, ${Math.round((performance.now() - started) / 1000)} s\n`,
  );
  if (stop.signal.reason instanceof Interrupted) return stop.signal.reason.exitStatus;
  return left.length > 0 ? 1 : status;
}

/** @returns the exit status of the scenarios' own process */
async function runOn(machine: Machine, scenarios: readonly string[], signal: AbortSignal): Promise<number> {
  if (signal.aborted) return 1;
  const options = [`--folder=${FOLDER}`, `--logs=${logsOf(machine)}`, `--cgroup=${machine.cgroup}`];
  // what is made for a while comes to the machine's memory, and goes with it
  const env = { ...process.env, TMPDIR: FOLDER, HOME: FOLDER };
  const [program, ...args] = machine.commandLine(
    // a scenario that was too late may still wait for something
    ...[process.execPath, '--test-reporter=spec', '--test-force-exit', PROGRAM, ...options, ...scenarios],
  );
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], env });
  const exited = once(child, 'exit');
  const interrupted = once(signal, 'abort').then(() => [1]);
  const [status] = (await Promise.race([exited, interrupted])) as [number | null];
  return status ?? 1;
}

function logsOf({ folder }: Machine): string {
  return join(folder, 'logs');
}

async function saveLogs(machine: Machine): Promise<void> {
  const target = join(SAVED, new Date().toISOString().replace(/\W/g, ''));
  await mkdir(target, { recursive: true });
  await cp(logsOf(machine), target, { recursive: true });
  process.stdout.write(`Logs, routes, links and etcd's keys are in ${target}\n`);
}
