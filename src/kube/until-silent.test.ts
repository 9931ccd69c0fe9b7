import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SilenceError, untilSilent } from './until-silent.ts';

async function* two() {
  yield 1;
  yield 2;
}

async function* oneAndSilence() {
  yield 1;
  await new Promise(() => {});
}

test('gives all items of what ends in time', async () => {
  const given: number[] = [];
  for await (const item of untilSilent(two(), 1_000)) given.push(item);
  assert.deepEqual(given, [1, 2]);
});

test('ends what is silent for too long', async () => {
  const given: number[] = [];
  await assert.rejects(async () => {
    for await (const item of untilSilent(oneAndSilence(), 20)) given.push(item);
  }, SilenceError);
  assert.deepEqual(given, [1]);
});
