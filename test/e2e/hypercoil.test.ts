import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { type Built, built } from './built.ts';

const PROGRAMS = ['coil', 'coild', 'coilctl', 'coil-controller', 'coil-installer'];

const root = mkdtempSync(join(tmpdir(), 'ct-'));
const temporaryFolder = (): string => mkdtempSync(join(root, 'x-'));
/** Where every call starts: it is empty, and stays so. */
const folder = temporaryFolder();
let dist: Built;
before(async () => {
  dist = await built();
});
after(() => rmSync(root, { recursive: true, force: true }));

test('without an argument hypercoil says on standard error which programs there are, and fails', () => {
  const { status, stdout, stderr } = call(dist.hypercoil);
  assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
  for (const program of PROGRAMS) assert.match(stderr, new RegExp(`\\b${program}\\b`));
});

test('hypercoil --version prints the version of the package', () => {
  const { status, stdout, stderr } = call(dist.hypercoil, ['--version']);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  assert.ok(stdout.trim().endsWith(manifest.version), stdout);
});

test('a link runs the program that it is named after', () => {
  const linked = call(dist.coilctl, ['--help']);
  assert.deepEqual({ status: linked.status, stderr: linked.stderr }, { status: 0, stderr: '' });
  assert.match(linked.stdout, /coilctl/);
  assert.deepEqual(linked, call(dist.hypercoil, ['coilctl', '--help']));
});

test('so does a link that is found in PATH, in a folder of its own', () => {
  const bin = temporaryFolder();
  symlinkSync(dist.hypercoil, join(bin, 'coilctl'));
  const found = call('/bin/sh', ['-c', 'coilctl --help'], { PATH: bin });
  assert.deepEqual(found, call(dist.coilctl, ['--help']));
});

test("the environment's Node options and locale change nothing", () => {
  const plain = call(dist.coilctl, ['--bogus']);
  const env = { NODE_OPTIONS: '--no-such-option', LC_ALL: 'de_DE.UTF-8', LANG: 'de_DE.UTF-8' };
  assert.deepEqual(call(dist.coilctl, ['--bogus'], env), plain);
  assert.equal(plain.status, 2);
});

test('every program loads, and leaves no file behind', () => {
  for (const program of ['coild', 'coilctl']) {
    const { status, stderr } = call(dist.hypercoil, [program, '--help'], { TMPDIR: folder });
    assert.deepEqual({ program, status, stderr }, { program, status: 0, stderr: '' });
  }
  assert.deepEqual(readdirSync(folder), []);
});

test('SQLite is in it', () => {
  const store = `sqlite:${join(temporaryFolder(), 'coil.db')}`;
  const created = call(dist.coilctl, ['--store', store, 'pool', 'create', 'default', '10.11.0.0/16', '5']);
  assert.deepEqual(created, { status: 0, stdout: '', stderr: '' });
  const { status, stdout } = call(dist.coilctl, ['--store', store, 'pool', 'list']);
  assert.deepEqual({ status, stdout }, { status: 0, stdout: 'default:\n    Subnets: 10.11.0.0/16\n    Size: 5\n' });
});

test("etcd's client and its protocol are in it", () => {
  // nothing listens on port 1: to say so, the client has to have loaded all that it takes
  const etcd = ['--etcd-endpoints', 'http://127.0.0.1:1', '--etcd-timeout', '1s'];
  const { status, stdout, stderr } = call(dist.coilctl, [...etcd, 'pool', 'list']);
  assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
  assert.match(stderr, /datastore unavailable: etcd at http:\/\/127\.0\.0\.1:1/);
});

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program as on a bare machine: from an empty folder, with `env` for its whole environment. */
function call(program: string, args: readonly string[] = [], env: Record<string, string> = {}): Outcome {
  const options = { cwd: folder, env, encoding: 'utf8', timeout: 20_000 } as const;
  const { status, stdout, stderr, error } = spawnSync(program, args, options);
  if (error) throw error;
  return { status, stdout, stderr };
}
