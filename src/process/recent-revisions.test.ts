import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentRevisions } from './recent-revisions.ts';

const MINUTE_MS = 60_000;

test('what was heard is known for a quarter of an hour, and what nobody heard of since is forgotten', () => {
  let now = 0;
  const heard = new RecentRevisions(() => now);
  heard.note('a', 3);
  heard.note('b', 4);
  now = 14 * MINUTE_MS;
  heard.note('b', 7);
  assert.deepEqual([heard.of('a'), heard.of('b'), heard.of('c')], [3, 7, 0]);
  now = 16 * MINUTE_MS;
  heard.note('c', 8);
  assert.deepEqual([heard.of('a'), heard.of('b'), heard.of('c')], [3, 7, 8]);
  heard.note('a', 9);
  now = 32 * MINUTE_MS;
  heard.note('d', 10);
  assert.deepEqual([heard.of('a'), heard.of('b'), heard.of('c')], [9, 0, 8]);
});

test('a process that was stopped for days forgets nothing of before at once', () => {
  let now = 0;
  const heard = new RecentRevisions(() => now);
  heard.note('a', 3);
  now = 5_000 * MINUTE_MS;
  heard.note('b', 4);
  assert.equal(heard.of('a'), 3);
});

test('what was heard up to a revision is forgotten, or all of it', () => {
  let now = 0;
  const heard = new RecentRevisions(() => now);
  heard.note('a', 3);
  now = 16 * MINUTE_MS;
  heard.note('b', 4);
  heard.note('c', 5);
  heard.forget(4);
  assert.deepEqual([heard.of('a'), heard.of('b'), heard.of('c')], [0, 0, 5]);
  heard.clear();
  assert.equal(heard.of('c'), 0);
});
