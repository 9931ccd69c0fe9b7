import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteIpamStore } from '../../src/store/sqlite/sqlite-ipam-store.ts';
import { type CoilctlFixture, coilctlContract } from './coilctl-contract.ts';
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

async function v1(): Promise<CoilctlFixture> {
  const fixture = await empty();
  const signal = AbortSignal.timeout(SETUP_MS);
  await using store = await SqliteIpamStore.open({ path: fixture.path }, signal);
  await replayV1(store, signal);
  return fixture;
}

coilctlContract({ v1, empty });
