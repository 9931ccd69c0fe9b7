/**
 * Fuzzes for so many seconds, all targets side by side; ends with 1 where one of them found something, and says how to
 * see it again. The launcher by libFuzzer where clang is installed, and else by mutations with a random seed.
 *
 *   node test/fuzz/soak.ts [SECONDS]
 */
import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { builds, LAUNCHER_FUZZER } from '../contract/build-launcher.ts';
import { launcherSeeds } from './launcher-seeds.ts';

const ROUND = 20_000;
const FOLDER = import.meta.dirname;
const seconds = Number(process.argv[2] ?? 60);
if (!Number.isInteger(seconds) || seconds < 1) {
  process.stderr.write('usage: soak.ts [SECONDS]\n');
  process.exit(2);
}
// stays where something was found
const scratch = await mkdtemp(join(tmpdir(), 'coil-fuzz-'));
const corpus = join(scratch, 'corpus');
await mkdir(corpus);
await Promise.all(launcherSeeds().map((seed, i) => writeFile(join(corpus, `seed-${i}`), seed)));
process.stdout.write(`Fuzzing for ${seconds} s in ${scratch}\n`);

const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.test.ts') && name !== 'launcher.test.ts');
const outcomes = await Promise.all([fuzzLauncher(), ...names.map(fuzzWithTest)]);
if (outcomes.every((sound) => sound)) await rm(scratch, { recursive: true });
else process.exitCode = 1;

async function fuzzWithTest(name: string): Promise<boolean> {
  const env = { ...process.env, FUZZ_SECONDS: String(seconds) };
  return await run(process.execPath, ['--test', join(FOLDER, name)], { env });
}

async function fuzzLauncher(): Promise<boolean> {
  if (spawnSync('clang', ['--version'], { stdio: 'ignore' }).status === 0) {
    const fuzzer = join(scratch, 'launcher-fuzzer');
    const sanitizers = ['-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all'];
    const source = [`-I${join(FOLDER, '../../launcher')}`, '-o', fuzzer, LAUNCHER_FUZZER];
    if (!(await run('clang', ['-std=c11', '-O1', '-g', ...sanitizers, ...source]))) return false;
    const limits = [
      `-max_total_time=${seconds}`,
      '-max_len=20480',
      '-timeout=10',
      '-print_final_stats=1',
      '-verbosity=0',
    ];
    return await run(fuzzer, [...limits, `-artifact_prefix=${scratch}/`, corpus]);
  }
  const fuzzer = await builds.launcherFuzzer();
  const seeds = (await readdir(corpus)).map((name) => join(corpus, name));
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    if (!(await run(fuzzer, [String(ROUND), String(randomInt(2 ** 31)), ...seeds]))) return false;
  }
  return true;
}

/** Whether it ended well; what it said is printed where it did not. */
async function run(file: string, args: readonly string[], options: SpawnOptions = {}): Promise<boolean> {
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [status] = await once(child, 'close');
  const what = [file, ...args.slice(0, 3)].map((part) => part.replace(`${dirname(dirname(FOLDER))}/`, '')).join(' ');
  process.stdout.write(`${status === 0 ? 'sound' : 'FAILED'}: ${what}\n`);
  if (status !== 0) process.stdout.write(`${output}\n`);
  return status === 0;
}
