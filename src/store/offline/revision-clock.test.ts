import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CoilError } from '../../model/error.ts';
import { isPending, RevisionClock } from './revision-clock.ts';

test('revisions of pending changes grow, and lie between two of the datastore', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (revision) => {
      const clock = new RevisionClock();
      clock.heard(revision);
      for (let i = 0, last = revision; i < 1000; i++) {
        const next = clock.next();
        assert.ok(next > last && next < revision + 1 && isPending(next));
        last = next;
      }
      clock.heard(revision + 1);
      assert.ok(clock.next() > revision + 1);
    }),
  );
});

test('where there is no number left, that is an error and not a revision of the datastore', () => {
  const clock = new RevisionClock();
  clock.heard(2 ** 50);
  const given: number[] = [];
  assert.throws(
    () => {
      for (;;) given.push(clock.next());
    },
    (error) => CoilError.is(error, 'store-unavailable'),
  );
  assert.ok(given.length > 0 && given.every(isPending));
});
