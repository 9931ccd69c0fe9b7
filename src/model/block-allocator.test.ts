import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BlockAllocator } from './block-allocator.ts';
import { CoilError } from './error.ts';

test('gives out every offset once, in order, then nothing', () => {
  const allocator = new BlockAllocator({ blockSize: 2, restMs: 0 });
  assert.deepEqual(
    [0, 0, 0, 0, 0].map((now) => allocator.take(now)),
    [0, 1, 2, 3, undefined],
  );
  assert.equal(allocator.full, true);
});

test('goes on after the last offset given out, not with the lowest free one', () => {
  const allocator = new BlockAllocator({ blockSize: 2, restMs: 0 });
  allocator.continueAfter(1);
  assert.equal(allocator.take(0), 2);
  allocator.free(2, 0);
  assert.equal(allocator.take(0), 3);
  assert.equal(allocator.take(0), 0);
});

test('a freed offset rests, and is taken before its time only where nothing else is left', () => {
  const allocator = new BlockAllocator({ blockSize: 1, restMs: 30 });
  allocator.take(0);
  allocator.take(0);
  allocator.free(1, 10);
  allocator.free(0, 20);
  assert.equal(allocator.resting(39), 2);
  assert.equal(allocator.resting(40), 1);
  allocator.use(1);
  assert.equal(allocator.take(41), 0, 'the only one left, though it rests until 50');
});

test('an offset to be avoided goes last, after those that rest, and rests for a minute without a rest, too', () => {
  const allocator = new BlockAllocator({ blockSize: 2, restMs: 0 });
  for (const _ of [0, 1, 2, 3]) allocator.take(0);
  allocator.free(1, 0);
  allocator.avoid(1, 0);
  allocator.free(0, 0);
  assert.equal(allocator.take(0), 0);
  assert.deepEqual([allocator.hasRested(0), allocator.hasUnavoided(0), allocator.resting(0)], [false, false, 1]);
  assert.equal(allocator.take(0), 1, 'nothing else is left');
  allocator.avoid(1, 0);
  assert.equal(allocator.full, true, 'what is in use stays so');
  allocator.free(1, 0);
  allocator.avoid(1, 0);
  assert.equal(allocator.hasRested(59_999), false);
  assert.equal(allocator.hasRested(60_000), true);
  const resting = new BlockAllocator({ blockSize: 1, restMs: 30_000 });
  for (const offset of [resting.take(0)!, resting.take(0)!]) resting.free(offset, 0);
  resting.avoid(0, 0);
  assert.deepEqual([resting.hasUnavoided(0), resting.take(0), resting.hasUnavoided(0)], [true, 1, false]);
});

test('of offsets to be avoided, the one that was not tried for longest goes first', () => {
  const allocator = new BlockAllocator({ blockSize: 1, restMs: 0 });
  for (const offset of [0, 1, 0]) allocator.avoid(offset, 0);
  assert.deepEqual([allocator.take(0), allocator.take(0)], [1, 0]);
});

test('an offset that was given back need not rest', () => {
  const allocator = new BlockAllocator({ blockSize: 0, restMs: 1000 });
  assert.equal(allocator.take(0), 0);
  allocator.untake(0);
  assert.equal(allocator.resting(0), 0);
  assert.equal(allocator.take(0), 0);
});

test('a block of 2^120 addresses is handled without counting them', () => {
  const allocator = new BlockAllocator({ blockSize: 120, restMs: 30 });
  assert.equal(allocator.take(0), 0);
  assert.equal(allocator.take(0), 1);
});

test('an offset outside of the block is refused', () => {
  const allocator = new BlockAllocator({ blockSize: 2, restMs: 0 });
  for (const offset of [-1, 4, 0.5, Number.NaN]) {
    assert.throws(
      () => allocator.use(offset),
      (error) => CoilError.is(error, 'invalid-argument'),
    );
  }
});

test('property: no offset is given out twice, whatever is taken, freed and waited for', () => {
  const step = fc.oneof(
    fc.constant({ do: 'take' } as const),
    fc.record({ do: fc.constantFrom('free' as const, 'use' as const), offset: fc.nat(15) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat(40) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const allocator = new BlockAllocator({ blockSize: 4, restMs: 30 });
      const used = new Set<number>();
      const freedAt = new Map<number, number>();
      let now = 0;
      for (const next of steps) {
        if (next.do === 'wait') now += next.ms;
        else if (next.do === 'use') {
          allocator.use(next.offset);
          used.add(next.offset);
        } else if (next.do === 'free') {
          allocator.free(next.offset, now);
          if (used.delete(next.offset)) freedAt.set(next.offset, now);
        } else {
          const rested = (offset: number) => (freedAt.get(offset) ?? Number.NEGATIVE_INFINITY) + 30 <= now;
          const free = Array.from({ length: 16 }, (_, offset) => offset).filter((offset) => !used.has(offset));
          const offset = allocator.take(now);
          assert.equal(offset === undefined, free.length === 0);
          if (offset === undefined) continue;
          assert.ok(free.includes(offset), `${offset} was in use`);
          if (free.some(rested)) assert.ok(rested(offset), `${offset} still rested while others did not`);
          used.add(offset);
        }
        assert.equal(allocator.used, used.size);
      }
    }),
  );
});
