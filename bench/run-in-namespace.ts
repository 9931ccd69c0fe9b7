/** The benchmark itself, started by bench.ts in a network namespace that stands for a node. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EtcdServer } from '../test/etcd/etcd-server.ts';
import { allAtOnce } from './all-at-once.ts';
import { CoildProcess } from './coild-process.ts';
import { compile } from './compile.ts';
import { type Contestant, coilContestant, ptpContestant } from './contestant.ts';
import { measureFloor } from './floor.ts';
import { oneByOne } from './one-by-one.ts';
import { runTimed, timedBy } from './program-call.ts';
import { formatReport, type Measurements, targetsOf } from './report.ts';
import { describeTarget, isMet } from './targets.ts';

const DIST = resolve(import.meta.dirname, '../dist');
const PODS = 100;

/** Two datastores with the same pool: etcd, as a cluster has it, and a file, as a single machine has it. */
async function main(signal: AbortSignal): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'coil-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const etcd = stack.use(await EtcdServer.start());
  const onEtcd = [`--etcd-endpoints=${etcd.url}`];
  const onSqlite = [`--store=sqlite:${folder}/coil.db`];
  await coilctl(onEtcd, 'pool', 'create', 'default', '10.11.0.0/16', '5');
  await coilctl(onSqlite, 'pool', 'create', 'default', '10.12.0.0/16', '5');
  const start = async (name: string, flags: readonly string[]): Promise<[Contestant, CoildProcess]> => {
    const socket = join(folder, `${name}.sock`);
    const coild = stack.use(await CoildProcess.start({ dist: DIST, socket, flags }));
    return [coilContestant(`coil, ${name}`, `${DIST}/coil`, socket), coild];
  };
  const [etcdCoil, etcdCoild] = await start('etcd', onEtcd);
  // a table of its own: each coild removes from its table the blocks that it does not know
  const [sqliteCoil, sqliteCoild] = await start('sqlite', [...onSqlite, '--table-id=120']);
  const coilds = new Map([
    [etcdCoil, etcdCoild],
    [sqliteCoil, sqliteCoild],
  ]);
  const ptp = ptpContestant(join(folder, 'host-local'));
  const measured = await measure([...coilds.keys(), ptp], coilds, { etcdUrl: etcd.url, folder }, signal);
  const targets = targetsOf(measured, etcdCoil, ptp);
  process.stdout.write(`${formatReport(measured, ptp)}\n${targets.map(describeTarget).join('\n')}\n`);
  return targets.every(isMet) ? 0 : 1;
}

async function measure(
  contestants: readonly Contestant[],
  coilds: ReadonlyMap<Contestant, CoildProcess>,
  { etcdUrl, folder }: { readonly etcdUrl: string; readonly folder: string },
  signal: AbortSignal,
): Promise<Measurements> {
  const residentMb = new Map<Contestant, number>();
  const remember = (contestant: Contestant): void => {
    const coild = coilds.get(contestant);
    if (coild !== undefined) residentMb.set(contestant, coild.residentMb);
  };
  const run = timedBy(await compile(join(import.meta.dirname, 'time-call.c'), folder));
  const single = await oneByOne({ warmUp: 10, iterations: 60, run }, contestants, signal);
  const crowd = await allAtOnce({ pods: PODS, rounds: 3 }, contestants, remember, signal);
  const floor = await measureFloor({ etcdUrl, folder, count: 60 }, run);
  const poolList: number[] = [];
  for (let i = 0; i < 11; i++) poolList.push(await coilctl([`--etcd-endpoints=${etcdUrl}`], 'pool', 'list'));
  return { pods: PODS, single, crowd, floor, residentMb, poolList };
}

/** How long it took, in milliseconds. */
async function coilctl(flags: readonly string[], ...args: readonly string[]): Promise<number> {
  const call = { executable: `${DIST}/coilctl`, args: [...flags, ...args], env: {}, input: '' };
  const { ms, status } = await runTimed(call);
  if (status !== 0) throw new Error(`coilctl ${args.join(' ')} failed with status ${status}`);
  return ms;
}

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
}
try {
  process.exitCode = await main(stop.signal);
} catch (error) {
  if (error !== stop.signal.reason) throw error;
  process.stderr.write('Stopped; what was started is gone.\n');
  process.exitCode = 130;
}
