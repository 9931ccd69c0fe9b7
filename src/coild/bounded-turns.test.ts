import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedTurns } from './bounded-turns.ts';

const never = new AbortController().signal;

test('as many as may have a turn at once, the next ones in their order, and one too many is told so', async () => {
  const turns = new BoundedTurns({ what: 'ADD', atOnce: 2, waiting: 2 });
  const [first, second] = [await turns.take(never), await turns.take(never)];
  const begun: string[] = [];
  const third = turns.take(never).finally(() => begun.push('third'));
  const fourth = turns.take(never).finally(() => begun.push('fourth'));
  await assert.rejects(turns.take(never), {
    code: 'overloaded',
    message: /^2 calls of ADD are under way in coild, and 2 wait, which is all it takes; the runtime/,
  });
  assert.deepEqual(begun, []);
  second[Symbol.dispose]();
  const turn = await third;
  assert.deepEqual(begun, ['third']);
  // a turn ends once
  second[Symbol.dispose]();
  await new Promise(setImmediate);
  assert.deepEqual(begun, ['third']);
  first[Symbol.dispose]();
  (await fourth)[Symbol.dispose]();
  turn[Symbol.dispose]();
  assert.deepEqual(begun, ['third', 'fourth']);
  const again = [await turns.take(never), await turns.take(never)];
  assert.equal(again.length, 2);
});

test('who gives up waiting leaves the queue, and takes nobody’s turn', async () => {
  const turns = new BoundedTurns({ what: 'ADD', atOnce: 1, waiting: 1 });
  const first = await turns.take(never);
  const enough = new AbortController();
  const waiting = turns.take(enough.signal);
  enough.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  const next = turns.take(never);
  first[Symbol.dispose]();
  (await next)[Symbol.dispose]();
  await assert.rejects(turns.take(AbortSignal.abort(new Error('too late'))), /too late/);
  (await turns.take(never))[Symbol.dispose]();
});
