import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff, type BackoffOptions, MAX_TIMER_MS, sleep } from './backoff.ts';

const never = new AbortController().signal;

function recorded(options: BackoffOptions, random: () => number): { backoff: Backoff; waits: number[] } {
  const waits: number[] = [];
  return { waits, backoff: new Backoff(options, { random, sleep: async (ms) => void waits.push(ms) }) };
}

test('waits double up to the longest, and begin anew after a success', async () => {
  const { backoff, waits } = recorded({ baseMs: 10, maxMs: 50 }, () => 1);
  for (let i = 0; i < 5; i++) await backoff.wait(never);
  backoff.reset();
  await backoff.wait(never);
  assert.deepEqual(waits, [10, 20, 40, 50, 50, 10]);
});

test('a wait is anything from nothing to its bound', async () => {
  const { backoff, waits } = recorded({ baseMs: 10, maxMs: 50 }, () => 0.25);
  for (let i = 0; i < 3; i++) await backoff.wait(never);
  assert.deepEqual(waits, [2.5, 5, 10]);
});

test('after very many waits the longest is still the bound', async () => {
  const { backoff, waits } = recorded({ baseMs: 10, maxMs: 50 }, () => 1);
  for (let i = 0; i < 2000; i++) await backoff.wait(never);
  assert.equal(waits.at(-1), 50);
});

test('a sleep may be as long as a timer can wait, and longer', async () => {
  for (const ms of [MAX_TIMER_MS, MAX_TIMER_MS + 1, 2 * MAX_TIMER_MS]) {
    const abort = new AbortController();
    const reason = new Error('enough');
    const long = sleep(ms, abort.signal);
    const outcome = await Promise.race([long.then(() => 'over'), sleep(50, never).then(() => 'sleeping')]);
    assert.equal(outcome, 'sleeping', `${ms} ms`);
    abort.abort(reason);
    await assert.rejects(long, reason);
  }
});

test('aborting ends a sleep at once, with the reason', async () => {
  const abort = new AbortController();
  const reason = new Error('enough');
  setImmediate(() => abort.abort(reason));
  await assert.rejects(sleep(60_000, abort.signal), reason);
  await assert.rejects(new Backoff({ baseMs: 1, maxMs: 1 }).wait(abort.signal), reason);
});
