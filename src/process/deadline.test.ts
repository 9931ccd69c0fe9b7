import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeadlineError, withDeadline } from './deadline.ts';

const never = new AbortController().signal;
const forever = () => Promise.withResolvers<void>().promise;

test('gives what the body gives', async () => {
  assert.equal(await withDeadline({ ms: 10_000, signal: never }, async () => 5), 5);
});

test("passes on the body's error", async () => {
  await assert.rejects(
    withDeadline({ ms: 10_000, signal: never }, () => Promise.reject(new Error('broken'))),
    /^Error: broken$/,
  );
});

test('ends a body that heeds nothing, and says how long it was given', async () => {
  const ended = withDeadline({ ms: 5, signal: never }, forever);
  await assert.rejects(ended, (error) => error instanceof DeadlineError && error.message === 'no answer within 5ms');
});

test('a body that heeds the signal need not say why it ended', async () => {
  const heeding = (signal: AbortSignal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  await assert.rejects(withDeadline({ ms: 5, signal: never }, heeding), DeadlineError);
});

test('ends with the signal, and with its reason', async () => {
  const controller = new AbortController();
  const ended = withDeadline({ ms: 10_000, signal: controller.signal }, forever);
  controller.abort(new Error('stopped by SIGINT'));
  await assert.rejects(ended, /^Error: stopped by SIGINT$/);
});

test('does not begin where it is stopped already', async () => {
  let begun = false;
  const body = async () => {
    begun = true;
  };
  await assert.rejects(withDeadline({ ms: 10_000, signal: AbortSignal.abort(new Error('stopped')) }, body), /stopped/);
  assert.equal(begun, false);
});
