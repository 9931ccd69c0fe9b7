import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RepairPace } from './repair-pace.ts';

test('the first five repairs are made at once, the following wait twice as long each, up to half a minute', () => {
  let now = 0;
  const pace = new RepairPace({ clock: () => now });
  const waits: number[] = [];
  for (let i = 1; i <= 14; i++) {
    waits.push(pace.delay('a'));
    now += pace.delay('a');
    assert.equal(pace.delay('a'), 0);
    assert.equal(pace.strike('a'), i);
  }
  assert.deepEqual(waits, [0, 0, 0, 0, 0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  assert.equal(pace.delay('b'), 0);
});

test('the wait counts from the last repair, and a quiet minute makes all as it was', () => {
  let now = 0;
  const pace = new RepairPace({ clock: () => now });
  for (let i = 0; i < 6; i++) pace.strike('a');
  assert.equal(pace.delay('a'), 1000);
  now = 400;
  assert.equal(pace.delay('a'), 600);
  now = 59_999;
  assert.equal(pace.strike('a'), 7);
  now = 119_999;
  assert.equal(pace.delay('a'), 0);
  assert.equal(pace.strike('a'), 1);
});
