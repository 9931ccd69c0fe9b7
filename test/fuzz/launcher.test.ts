import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { builds, sanitizerMissing } from '../contract/build-launcher.ts';
import { launcherSeeds } from './launcher-seeds.ts';

const skip = (await sanitizerMissing()) ?? false;
const RUNS = 10_000;
const SEED = 1;

test('the launcher survives any bytes as environment, standard input and answer', { skip }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coil-test-'));
  try {
    const files = launcherSeeds().map((_, i) => join(folder, `${i}`));
    await Promise.all(launcherSeeds().map((seed, i) => writeFile(files[i]!, seed)));
    const fuzzer = await builds.launcherFuzzer();
    const { stdout } = await promisify(execFile)(fuzzer, [String(RUNS), String(SEED), ...files], { timeout: 60_000 });
    assert.equal(stdout, `${RUNS} runs of ${files.length} seeds\n`);
    assert.ok(files.length > 100, `${files.length} seeds`);
  } finally {
    await rm(folder, { recursive: true });
  }
});
