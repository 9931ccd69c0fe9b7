/** `make bench`: Coil beside the reference CNI plugins. Exit status 0 where the targets are met. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TestNetns } from '../test/kernel/kernel-fixture.ts';
import { CNI_PATH } from './contestant.ts';

const BENCH = join(import.meta.dirname, 'run-in-namespace.ts');
const PROGRAMS = ['coil', 'coild', 'coilctl'].map((name) => resolve(import.meta.dirname, '../dist', name));
const PLUGINS = ['ptp', 'host-local'].map((name) => `${CNI_PATH}/${name}`);

/** Why the benchmark cannot run. */
function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root, to make network namespaces';
  if (!PROGRAMS.every(existsSync)) return 'the programs are not built: make build';
  if (!PLUGINS.every(existsSync))
    return `${CNI_PATH} lacks ptp or host-local: apt-get install containernetworking-plugins`;
  return undefined;
}

/** Enters the namespace once, so that no measured call has to. */
async function main(): Promise<number> {
  const reason = obstacle();
  if (reason !== undefined) {
    process.stderr.write(`The benchmark cannot run: ${reason}\n`);
    return 1;
  }
  await using node = await TestNetns.create();
  await node.ip('link set lo up');
  const child = spawn('nsenter', [`--net=${node.path}`, process.execPath, BENCH], { stdio: 'inherit' });
  // a terminal sends its signal to both; the child ends first, after it has cleaned up
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const [status] = (await once(child, 'close')) as [number | null];
  return status ?? 1;
}

process.exitCode = await main();
