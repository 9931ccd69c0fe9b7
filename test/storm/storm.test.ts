import { test } from 'node:test';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { checkStorm } from './check-storm.ts';

const MS = 60_000;

test('no promise is broken in a storm', { skip: needsRoot, timeout: 300_000 }, async (t) => {
  await checkStorm(t, MS);
});
