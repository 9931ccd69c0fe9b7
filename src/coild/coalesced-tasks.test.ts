import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CoalescedTasks } from './coalesced-tasks.ts';

test('of one key one runs at a time, and what was asked for meanwhile runs once more; keys do not wait for each other', async () => {
  const tasks = new CoalescedTasks();
  const gates = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  const begun: string[] = [];
  const a = async () => {
    begun.push('a');
    await gates[begun.filter((key) => key === 'a').length - 1]!.promise;
  };
  tasks.run('a', a);
  for (let i = 0; i < 5; i++) tasks.run('a', a);
  tasks.run('b', async () => void begun.push('b'));
  assert.deepEqual(begun, ['a', 'b']);
  let idle = false;
  const waiting = tasks.idle().then(() => {
    idle = true;
  });
  gates[0]!.resolve();
  await turn();
  assert.deepEqual([begun, idle], [['a', 'b', 'a'], false]);
  gates[1]!.resolve();
  await waiting;
  assert.deepEqual(begun, ['a', 'b', 'a']);
  tasks.run('a', a);
  assert.deepEqual(begun, ['a', 'b', 'a', 'a']);
  gates[2]!.resolve();
  await tasks.idle();
});

test('one that has nothing to do is idle', async () => {
  await new CoalescedTasks().idle();
});
