import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

async function empty(): Promise<CoilctlFixture & { readonly path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'coil-test-'));
  const path = join(folder, 'coil.db');
  return {
    path,
    flags: ['--store', `sqlite:${path}`],
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function v1(): Promise<CoilctlFixture & { readonly path: string }> {
  const fixture = await empty();
  const signal = AbortSignal.timeout(SETUP_MS);
  await using store = await SqliteIpamStore.open({ path: fixture.path }, signal);
  await replayV1(store, signal);
  return fixture;
}

coilctlContract({ v1, empty });

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
