import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DATASTORES } from './datastores.ts';
import { search } from './search.ts';

const TIMEOUT_MS = 240_000;

/**
 * Nodes over one datastore keep design.md's promises through so many random steps, always the same ones.
 * `MODEL_SEED=123` in the environment runs the script of that seed alone.
 */
export function modelTest(name: keyof typeof DATASTORES, count: number, isOffline = false): void {
  const only = process.env.MODEL_SEED;
  const what = only === undefined ? `${count} random steps` : `the steps of seed ${only}`;
  test(`the promises hold over ${name}${isOffline ? ', with a journal on each node,' : ''} through ${what}`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    await using datastore = await DATASTORES[name]();
    const steps = await search(
      datastore,
      Number(only ?? 1),
      (done) => done >= (only === undefined ? count : 1),
      isOffline,
    );
    assert.ok(steps > 0);
  });
}
