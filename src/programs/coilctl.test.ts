import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runMain } from '../../test/run-main.ts';
import { main } from './coilctl.ts';

/** Runs `body` with a folder of its own; `coil.db` in it is not there yet. */
async function inFolder(body: (folder: string, store: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'coil-test-'));
  try {
    await body(folder, `--store=sqlite:${join(folder, 'coil.db')}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const BAD_INPUT: [string[], RegExp][] = [
  [['pool', 'create', 'Bad_Name', '10.1.0.0/24', '4'], /"bad pool name: Bad_Name: name takes a namespace/],
  [['pool', 'create', '', '10.1.0.0/24', '4'], /"bad pool name: \(empty\): name takes/],
  [['pool', 'create', 'x', '10.1.0.0', '4'], /"invalid CIDR address: 10\.1\.0\.0: subnet takes a network such as/],
  [['pool', 'create', 'x', '10.1.0.0/24', 'four'], /"invalid size: four: size takes/],
  [['pool', 'create', 'x', '10.1.0.0/24', '4.5'], /"invalid size: 4\.5: size takes/],
  [['pool', 'create', 'x', '10.1.0.0/24', '25'], /"invalid size: .*0 to 24, not 25/],
  [['pool', 'create', 'x', '10.1.0.0/8', '2'], /"too small block size: .*size 10 or more/],
  [['pool', 'create', 'x', '10.1.0.0/24', '9'], /"too large block size: .*size 8 or less/],
  [['pool', 'add-subnet', 'a/b', '10.1.0.0/24'], /"bad pool name: a\/b: name takes the name of a pool/],
  [['pool', 'create', 'x', '169.254.1.0/24', '4'], /"invalid subnet: 169\.254\.1\.0\/24 has link-local addresses/],
  [['pool', 'add-subnet', 'x', 'ff02::/112'], /"invalid subnet: ff02::\/112 has multicast addresses/],
  [['pool', 'show', 'x', '10.1.0.0/33'], /"invalid CIDR address: 10\.1\.0\.0\/33/],
  [['node', 'blocks', 'a/b'], /"bad node name: a\/b: node takes/],
  [['address', 'info', '10.1.0.0/24'], /"invalid IP address: 10\.1\.0\.0\/24: address takes/],
];

for (const [argv, message] of BAD_INPUT) {
  test(`${argv.join(' ')}: named before the datastore is opened`, () =>
    inFolder(async (folder, store) => {
      const { status, stdout, stderr } = await runMain(main, [...argv, store]);
      assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
      assert.match(stderr, message);
      assert.deepEqual(await readdir(folder), []);
    }));
}

test('a failure is a line of the log, in the layout and the place that the flags want', () =>
  inFolder(async (folder, store) => {
    assert.equal((await runMain(main, ['pool', 'create', 'default', '10.2.0.0/24', '4', store])).status, 0);
    const line = ['pool', 'show', 'x', '10.1.0.0/24', store];
    const json = await runMain(main, [...line, '--logformat=json']);
    const { topic, severity, message } = JSON.parse(json.stderr);
    assert.deepEqual({ topic, severity }, { topic: 'coilctl', severity: 'error' });
    assert.match(message, /^not found/);
    const logfile = join(folder, 'coilctl.log');
    const filed = await runMain(main, [...line, `--logfile=${logfile}`]);
    assert.deepEqual(filed, { status: 1, stdout: '', stderr: '' });
    assert.match(await readFile(logfile, 'utf8'), /^\S+ \S+ coilctl error: "not found.*"\n$/);
  }));

test('a datastore that cannot be opened is named', async () => {
  const { status, stderr } = await runMain(main, ['pool', 'list', '--store=sqlite:/nonexistent/coil.db']);
  assert.equal(status, 1);
  assert.match(stderr, /coilctl error: "datastore unavailable: .*\/nonexistent\/coil\.db/);
});

test('stops when it is asked to', () =>
  inFolder(async (_, store) => {
    const signal = AbortSignal.abort(new Error('stopped by SIGINT'));
    const { status, stderr } = await runMain(main, ['pool', 'list', store], { signal });
    assert.equal(status, 1);
    assert.match(stderr, /coilctl error: "stopped by SIGINT"\n$/);
  }));

test('what is wrong with flags is a usage error', async () => {
  for (const flag of [
    '--store=etcd3',
    '--etcd-timeout=2',
    '--etcd-endpoints=ftp://x',
    '--frobnicate',
    '--logformat=xml',
  ]) {
    const { status, stdout, stderr } = await runMain(main, ['pool', 'list', flag]);
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
    assert.match(stderr, new RegExp(`^coilctl: .*${flag.replace(/^--|=.*/g, '')}`));
  }
});

test('help shows every command and flag', async () => {
  const { status, stdout } = await runMain(main, ['--help']);
  assert.equal(status, 0);
  for (const word of [
    'create, add-subnet, remove-subnet, delete, list, show',
    '--store',
    '--etcd-tls-key',
    '--logformat',
    'Example:',
  ]) {
    assert.ok(stdout.includes(word), word);
  }
});

test('two layouts at once are a usage error', () =>
  inFolder(async (folder, store) => {
    const { status, stdout, stderr } = await runMain(main, [
      'pool',
      'show',
      'x',
      '10.1.0.0/24',
      '--json',
      '-ojson',
      store,
    ]);
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
    assert.match(stderr, /^coilctl: --json and --output exclude each other/);
    assert.deepEqual(await readdir(folder), []);
  }));
