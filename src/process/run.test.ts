import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

const RUN = new URL('./run.ts', import.meta.url).href;
const TIMEOUT_MS = 30_000;

/** A process that runs `main`, the source of a Main, with the arguments a and b. */
function start(main: string, stdout: 'pipe' | number = 'pipe'): ChildProcessByStdio<null, Readable, Readable> {
  const source = `import { run } from '${RUN}'; void run(${main});`;
  // the first argument takes the place of a program's file
  return spawn(process.execPath, ['--input-type=module', '--eval', source, 'file', 'a', 'b'], {
    stdio: ['ignore', stdout, 'pipe'],
    timeout: TIMEOUT_MS,
  }) as ChildProcessByStdio<null, Readable, Readable>;
}

async function ended(child: ReturnType<typeof start>) {
  const [[status, signal], stdout, stderr] = await Promise.all([
    once(child, 'exit'),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { status, signal, stdout, stderr };
}

test('gives a program its arguments and streams, and exits with its status', async () => {
  const main = `async ({ argv, stdout, stderr }) => { stdout.write(argv.join()); stderr.write('log'); return 3; }`;
  assert.deepEqual(await ended(start(main)), { status: 3, signal: null, stdout: 'a,b', stderr: 'log' });
});

test('an error that nobody expected is told with its causes, status 1', async () => {
  const main = `async () => { throw new Error('broken', { cause: new Error('cable') }); }`;
  const { status, stderr } = await ended(start(main));
  assert.equal(status, 1);
  assert.match(stderr, /^unexpected error, please report it: broken: cable\nError: broken\n +at /);
});

test('a program that leaves something open ends all the same', async () => {
  const main = `async () => { setInterval(() => {}, 1000); return 4; }`;
  assert.equal((await ended(start(main))).status, 4);
});

test('SIGTERM asks a program to stop; what it does then counts', async () => {
  const child = start(`async ({ stdout, signal }) => {
    const stopped = new Promise((resolve) => signal.addEventListener('abort', resolve));
    const busy = setInterval(() => {}, 1000);
    stdout.write('ready');
    await stopped;
    clearInterval(busy);
    return 5;
  }`);
  await once(child.stdout, 'readable');
  child.kill('SIGTERM');
  assert.equal((await ended(child)).status, 5);
});

test('a second SIGTERM ends a program that does not stop', async () => {
  const child = start(`async ({ stdout, signal }) => {
    signal.addEventListener('abort', () => stdout.write('stopping'));
    setInterval(() => {}, 1000);
    stdout.write('ready');
    await new Promise(() => {});
  }`);
  await once(child.stdout, 'readable');
  assert.equal(String(child.stdout.read()), 'ready');
  child.kill('SIGTERM');
  await once(child.stdout, 'readable');
  child.kill('SIGTERM');
  assert.equal((await ended(child)).status, 143);
});

test('a program whose results nobody reads any more ends quietly', async () => {
  const child = start(
    `async ({ stdout }) => { setInterval(() => stdout.write('line\\n'), 1); await new Promise(() => {}); }`,
  );
  await once(child.stdout, 'readable');
  child.stdout.destroy();
  const [[status], stderr] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
  assert.equal(status, 141);
  assert.equal(stderr, '');
});

test('results that cannot be written are a failure', {
  skip: existsSync('/dev/full') ? false : 'there is no /dev/full',
}, async () => {
  const full = openSync('/dev/full', 'w');
  try {
    const child = start(`async ({ stdout }) => { stdout.write('result'); return 0; }`, full);
    const [[status], stderr] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
    assert.equal(status, 1);
    assert.match(stderr, /^cannot write to standard output: ENOSPC/);
  } finally {
    closeSync(full);
  }
});
