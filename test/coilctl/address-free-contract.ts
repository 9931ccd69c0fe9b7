import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { main } from '../../src/programs/coilctl.ts';
import { type Ended, runMain } from '../run-main.ts';
import { type CoilctlFixture, type CoilctlSetup, TIMEOUT_MS } from './coilctl-setup.ts';

const ADDRESS = '10.64.0.16';
const QUESTION =
  'warning: if Pod default/web-16 still runs, 10.64.0.16 may be given to another Pod, and neither is reached reliably\n' +
  'free 10.64.0.16? [y/N] ';

/** `address free`, which asks. */
export function addressFreeContract({ v1 }: CoilctlSetup): void {
  for (const answer of ['y\n', 'Y', ' yes \nno\n']) {
    test(`frees an address after ${JSON.stringify(answer)}`, { timeout: TIMEOUT_MS }, async () => {
      await using fixture = await v1();
      const shown = (await info(fixture)).stdout;
      assert.deepEqual(await free(fixture, [answer]), { status: 0, stdout: `${shown}${QUESTION}`, stderr: '' });
      assert.match((await info(fixture)).stderr, /not found: .*10\.64\.0\.16/);
      assert.equal((await info(fixture, '10.64.0.17')).status, 0);
    });
  }

  for (const answer of ['n\n', '\n', 'maybe\ny\n', '']) {
    test(`changes nothing after ${JSON.stringify(answer)}, and says so`, { timeout: TIMEOUT_MS }, async () => {
      await using fixture = await v1();
      const before = await info(fixture);
      const { status, stdout, stderr } = await free(fixture, answer === '' ? [] : [answer]);
      assert.equal(status, 1);
      assert.equal(stdout, `${before.stdout}${QUESTION}${answer === '' ? '\n' : ''}`);
      assert.match(stderr, /"nothing was changed, 10\.64\.0\.16 stays assigned: .*"\n$/);
      assert.deepEqual(await info(fixture), before);
    });
  }

  test('--yes answers beforehand, and warns all the same', { timeout: TIMEOUT_MS }, async () => {
    await using fixture = await v1();
    const shown = (await info(fixture)).stdout;
    const { status, stdout, stderr } = await free(fixture, [], '--yes');
    assert.deepEqual({ status, stdout }, { status: 0, stdout: shown });
    assert.match(stderr, /coilctl warning: "if Pod default\/web-16 still runs, 10\.64\.0\.16 may be given/);
    assert.equal((await info(fixture)).status, 1);
  });

  test('an assignment that ended during the question is not freed again', { timeout: TIMEOUT_MS }, async () => {
    await using fixture = await v1();
    async function* slowly(): AsyncGenerator<string> {
      assert.equal((await free(fixture, [], '--yes')).status, 0);
      yield 'y\n';
    }
    const { status, stderr } = await free(fixture, slowly());
    assert.equal(status, 1);
    assert.match(stderr, /10\.64\.0\.16 was not freed: .*as it was shown \(.*nothing was changed/);
  });

  test('an address that is not assigned is no question', { timeout: TIMEOUT_MS }, async () => {
    await using fixture = await v1();
    const { status, stdout, stderr } = await runMain(main, ['address', 'free', '10.64.0.99', ...fixture.flags]);
    assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
    assert.match(stderr, /not found: .*10\.64\.0\.99/);
  });

  test('an interrupted question changes nothing', { timeout: TIMEOUT_MS }, async () => {
    await using fixture = await v1();
    const abort = new AbortController();
    const stdin = new Readable({ read: () => abort.abort(new Error('stopped by SIGINT')) });
    const { status, stderr } = await runMain(main, ['address', 'free', ADDRESS, ...fixture.flags], {
      stdin,
      signal: abort.signal,
    });
    assert.equal(status, 1);
    assert.match(stderr, /"stopped by SIGINT"\n$/);
    assert.equal((await info(fixture)).status, 0);
  });
}

function info({ flags }: CoilctlFixture, address = ADDRESS): Promise<Ended> {
  return runMain(main, ['address', 'info', address, ...flags]);
}

/** Frees ADDRESS; standard input is what `answers` has. */
function free(
  { flags }: CoilctlFixture,
  answers: Iterable<string> | AsyncIterable<string>,
  ...more: string[]
): Promise<Ended> {
  return runMain(main, ['address', 'free', ADDRESS, ...more, ...flags], { stdin: Readable.from(answers) });
}
