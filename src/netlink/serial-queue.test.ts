import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SerialQueue } from './serial-queue.ts';

test('actions run one after the other, also after one that failed', async () => {
  const queue = new SerialQueue();
  const log: string[] = [];
  const action =
    (name: string, fail = false) =>
    async (): Promise<string> => {
      log.push(`${name} begins`);
      await new Promise(setImmediate);
      log.push(`${name} ends`);
      if (fail) throw new Error(name);
      return name;
    };
  const results = await Promise.allSettled([
    queue.run(action('a')),
    queue.run(action('b', true)),
    queue.run(action('c')),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(log, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

test('an abort rejects what waits at once, and lets what has begun end', async () => {
  const queue = new SerialQueue();
  const gate = Promise.withResolvers<string>();
  const abort = new AbortController();
  let begun = 0;
  const first = queue.run(() => {
    begun++;
    return gate.promise;
  }, abort.signal);
  const second = queue.run(async () => {
    begun++;
  }, abort.signal);
  await new Promise(setImmediate);
  const reason = new Error('enough');
  abort.abort(reason);
  await assert.rejects(second, reason);
  gate.resolve('ended');
  assert.equal(await first, 'ended');
  await queue.idle();
  assert.equal(begun, 1);
});

test('who gives up waiting lets nobody overtake the one before', async () => {
  const queue = new SerialQueue();
  const gate = Promise.withResolvers<void>();
  const abort = new AbortController();
  const first = queue.run(() => gate.promise);
  const second = queue.run(async () => undefined, abort.signal);
  abort.abort(new Error('enough'));
  await assert.rejects(second, /enough/);
  let begun = false;
  const third = queue.run(async () => {
    begun = true;
  });
  await new Promise(setImmediate);
  assert.equal(begun, false, 'the first one is still under way');
  gate.resolve();
  await Promise.all([first, third]);
  assert.equal(begun, true);
});
