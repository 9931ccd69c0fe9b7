import { test } from 'node:test';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { checkStorm } from '../storm/check-storm.ts';
import { SOAK_MARGIN_MS, soakMs } from './soak-time.ts';

const ms = soakMs();

test('no promise is broken in a long storm', { skip: needsRoot, timeout: ms + SOAK_MARGIN_MS }, async (t) => {
  await checkStorm(t, ms);
});
