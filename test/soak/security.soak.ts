import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { SOAK_MARGIN_MS, soakMs } from './soak-time.ts';

const ROOT = join(import.meta.dirname, '../..');
const TESTS = ['test/e2e/security.test.ts', 'test/e2e/coild-bad-input.test.ts', 'src/coild/unix-listener.test.ts'];
const RUN_MS = 240_000;

const ms = soakMs();

test('what is promised of security holds on a busy machine', {
  skip: needsRoot,
  timeout: ms + SOAK_MARGIN_MS,
}, async (t) => {
  const end = performance.now() + ms;
  let runs = 0;
  do {
    // what fails is on its standard output, which is in the error
    await promisify(execFile)(process.execPath, ['--test', ...TESTS], { cwd: ROOT, timeout: RUN_MS, env: alone() });
    runs++;
  } while (performance.now() < end);
  t.diagnostic(`${runs} runs`);
});

/** This test's environment, but for what makes a process a part of a run of tests. */
function alone(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return env;
}
