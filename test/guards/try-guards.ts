/**
 * Takes out one guard after the other, in a copy, and tells which test fails then. Fails where none does.
 *
 *   node test/guards/try-guards.ts [PART OF A GUARD'S NAME…]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Guard } from './guard.ts';
import { GUARDS } from './guards.ts';
import { copySources } from './source-copy.ts';

const TEST_MS = 120_000;

/** The first test that fails in `folder`; undefined where all succeed. */
async function firstFailure(folder: string, { tests, only, built }: Guard): Promise<string | undefined> {
  // what cannot be built fails every test
  if (built && (await run(folder, ['tools/build-hypercoil.ts'])).status !== 0) throw new Error('it cannot be built');
  for (const file of tests) {
    const some = only === undefined ? [] : [`--test-name-pattern=${only}`];
    const args = ['--test', '--test-reporter=tap', `--test-timeout=${TEST_MS}`, '--test-force-exit', ...some, file];
    const { status, output } = await run(folder, args);
    if (status === 0) continue;
    const failed = [...output.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, name]) => name);
    return `${file}: ${failed[0] ?? output.slice(-500)}`;
  }
  return undefined;
}

async function run(cwd: string, args: readonly string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'close');
  const output = await text(child.stdout);
  const [status] = (await ended) as [number | null];
  return { status, output };
}

async function tryWithout(guard: Guard, folder: string): Promise<boolean> {
  const path = join(folder, guard.file);
  const source = await readFile(path, 'utf8');
  await writeFile(
    path,
    source.replace(guard.from, () => guard.to),
  );
  const failure = await firstFailure(folder, guard);
  await writeFile(path, source);
  print(failure === undefined ? `NOT SEEN  ${guard.name}` : `seen      ${guard.name}\n          ${failure}`);
  return failure !== undefined;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const wanted = process.argv.slice(2);
const guards = GUARDS.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
await using copy = await copySources();
const missed: string[] = [];
for (const guard of guards) if (!(await tryWithout(guard, copy.folder))) missed.push(guard.name);
print(`${guards.length - missed.length} of ${guards.length} removals make a test fail`);
if (guards.length === 0 || missed.length > 0) process.exitCode = 1;
