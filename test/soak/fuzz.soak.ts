import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { SOAK_MARGIN_MS, soakMs } from './soak-time.ts';

const FUZZ = join(import.meta.dirname, '../fuzz/soak.ts');

const ms = soakMs();

test('whatever comes in is answered or refused', { skip: needsRoot, timeout: ms + SOAK_MARGIN_MS }, async () => {
  const seconds = Math.max(1, Math.round(ms / 1000));
  const fuzz = spawn(process.execPath, [FUZZ, String(seconds)], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [status] = await once(fuzz, 'close');
  assert.equal(status, 0);
});
