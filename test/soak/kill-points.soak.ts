import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DATASTORES } from '../e2e/datastores.ts';
import { killAtEvery } from '../e2e/kill-run.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { SOAK_MARGIN_MS, soakMs } from './soak-time.ts';

const ms = soakMs();

for (const [name, openDatastore] of Object.entries(DATASTORES)) {
  test(`coild killed before and after every step over ${name}`, {
    skip: needsRoot,
    timeout: ms + SOAK_MARGIN_MS,
  }, async (t) => {
    const end = performance.now() + ms / Object.keys(DATASTORES).length;
    let kills = 0;
    do kills += (await killAtEvery(openDatastore, () => true)).length;
    while (performance.now() < end);
    t.diagnostic(`killed at ${kills} points`);
    assert.ok(kills > 0);
  });
}
