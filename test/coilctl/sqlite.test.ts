import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { IpAddress } from '../../src/model/ip-address.ts';
import { main } from '../../src/programs/coilctl.ts';
import { SqliteIpamStore } from '../../src/store/sqlite/sqlite-ipam-store.ts';
import { runMain } from '../run-main.ts';
import { coilctlContract } from './coilctl-contract.ts';
import type { CoilctlFixture } from './coilctl-setup.ts';
import { replayV1 } from './v1-state.ts';

const SETUP_MS = 30_000;

/** A folder without a database. */
async function nothing(): Promise<CoilctlFixture & { readonly path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'coil-test-'));
  const path = join(folder, 'coil.db');
  return {
    path,
    flags: ['--store', `sqlite:${path}`],
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function empty(): Promise<CoilctlFixture> {
  const fixture = await nothing();
  await using _made = await SqliteIpamStore.open({ path: fixture.path }, AbortSignal.timeout(SETUP_MS));
  return fixture;
}

async function v1(): Promise<CoilctlFixture & { readonly path: string }> {
  const fixture = await nothing();
  const signal = AbortSignal.timeout(SETUP_MS);
  await using store = await SqliteIpamStore.open({ path: fixture.path }, signal);
  await replayV1(store, signal);
  return fixture;
}

coilctlContract({ v1, empty });

for (const line of [
  'pool list',
  'pool show default 10.1.0.0/16',
  'pool add-subnet default 10.2.0.0/16',
  'node blocks node1',
  'address info 10.1.0.1',
  'address free 10.1.0.1 --yes',
]) {
  test(`${line}: a file that is not there is said to be so, and is not made`, async () => {
    await using fixture = await nothing();
    const { status, stdout, stderr } = await runMain(main, [...line.split(' '), ...fixture.flags]);
    assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
    const advice = `(check the path of --store; 'coilctl pool create' makes the file)`;
    assert.match(stderr, /^[^\n]*coilctl error: [^\n]*\n$/);
    assert.ok(stderr.includes(`"datastore unavailable: there is no database file ${fixture.path} ${advice}"`), stderr);
    assert.equal(existsSync(fixture.path), false);
  });
}

for (const line of ['pool list', 'pool add-subnet default 10.1.0.0/16', 'pool delete default --yes']) {
  test(`${line}: an empty file stays empty, and is no database; pool create makes one of it`, async () => {
    await using fixture = await nothing();
    writeFileSync(fixture.path, '');
    const { status, stderr } = await runMain(main, [...line.split(' '), ...fixture.flags]);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /"datastore unavailable: there is no database in .*: the file is empty \(.*'coilctl pool create'/,
    );
    assert.deepEqual(readdirSync(dirname(fixture.path)), [basename(fixture.path)]);
    assert.equal(statSync(fixture.path).size, 0);
    const created = await runMain(main, ['pool', 'create', 'default', '10.2.0.0/16', '5', ...fixture.flags]);
    assert.deepEqual(created, { status: 0, stdout: '', stderr: '' });
  });
}

test('pool create makes the file', async () => {
  await using fixture = await nothing();
  const created = await runMain(main, ['pool', 'create', 'default', '10.1.0.0/16', '5', ...fixture.flags]);
  assert.deepEqual(created, { status: 0, stdout: '', stderr: '' });
  assert.match((await runMain(main, ['pool', 'list', ...fixture.flags])).stdout, /^default:/);
});

test('what a process may not do with the file is said', { skip: process.getuid?.() !== 0 && 'not root' }, async () => {
  await using fixture = await v1();
  const folder = dirname(fixture.path);
  for (const [prepare, says] of [
    [() => chmodSync(folder, 0o755), `no permission to read and write ${fixture.path} (mode 0600, owner 0:0; this`],
    [() => chmodSync(fixture.path, 0o666), `no permission to write the folder ${folder}, where its log is to be (mode`],
    [() => chmodSync(folder, 0o700), `no permission to search the folder ${folder} (mode 0700, owner 0:0; this`],
  ] as const) {
    prepare();
    for (const line of ['pool list', 'pool add-subnet default 10.1.0.0/24', 'pool create x 10.2.0.0/24 4']) {
      const { status, stderr } = spawnAsNobody([...line.split(' '), ...fixture.flags]);
      assert.equal(status, 1, stderr);
      assert.ok(stderr.includes(says) && stderr.includes(`the database ${fixture.path} cannot be `), stderr);
      assert.doesNotMatch(stderr, /change may/);
    }
  }
});

test('an assignment made anew during the question is not freed', { timeout: SETUP_MS }, async () => {
  await using fixture = await v1();
  const address = IpAddress.parse('10.64.0.16');
  async function* slowly(): AsyncGenerator<string> {
    const signal = AbortSignal.timeout(SETUP_MS);
    await using store = await SqliteIpamStore.open({ path: fixture.path }, signal);
    const record = await store.findAddress(address, signal);
    await store.free([record], signal);
    const assignment = { ...record.assignment, pod: 'another' };
    await store.allocate({ node: 'node1', slots: [record], assignment }, signal);
    yield 'y\n';
  }
  const line = ['address', 'free', String(address), ...fixture.flags];
  const { status, stderr } = await runMain(main, line, { stdin: Readable.from(slowly()) });
  assert.equal(status, 1);
  assert.match(stderr, /10\.64\.0\.16 was not freed/);
  const { stdout } = await runMain(main, ['address', 'info', String(address), ...fixture.flags]);
  assert.equal(JSON.parse(stdout).pod, 'another');
});

/** What is loaded when it is needed. */
const LOADED_LATE = ['src/process/open-logger.ts', 'src/store/sqlite/sqlite-ipam-store.ts'];

/** Runs coilctl as a user without rights; root loads the modules, which others need not be able to read. */
function spawnAsNobody(argv: readonly string[]): { status: number | null; stderr: string } {
  const urls = ['src/programs/coilctl.ts', ...LOADED_LATE].map(
    (path) => new URL(`../../${path}`, import.meta.url).href,
  );
  const script = `
    const [{ main }] = await Promise.all(${JSON.stringify(urls)}.map((url) => import(url)));
    process.setgroups([]);
    process.setgid(65534);
    process.setuid(65534);
    const { stdin, stdout, stderr } = process;
    const signal = AbortSignal.timeout(20_000);
    process.exitCode = await main({ argv: process.argv.slice(1), env: {}, stdin, stdout, stderr, signal });
  `;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', script, '--', ...argv], { encoding: 'utf8' });
}
