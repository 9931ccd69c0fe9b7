import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DATASTORES } from '../model/datastores.ts';
import { search } from '../model/search.ts';
import { newSeed, SOAK_MARGIN_MS, soakMs } from './soak-time.ts';

const ms = soakMs();

const RUNS = [
  { name: 'sqlite', open: DATASTORES.sqlite, isOffline: false },
  { name: 'etcd', open: DATASTORES.etcd, isOffline: false },
  { name: 'sqlite, with journals', open: DATASTORES.sqlite, isOffline: true },
];

for (const { name, open, isOffline } of RUNS) {
  test(`the promises hold over ${name} through random steps`, { timeout: ms + SOAK_MARGIN_MS }, async (t) => {
    await using datastore = await open();
    const end = performance.now() + ms / RUNS.length;
    const seed = newSeed();
    const steps = await search(datastore, seed, () => performance.now() > end, isOffline);
    t.diagnostic(`${steps} steps from seed ${seed} on`);
    assert.ok(steps > 0);
  });
}
