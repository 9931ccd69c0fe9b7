import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgedSync } from './judged-sync.ts';

test('nothing is judged by a state that the datastore does not confirm', () => {
  let [isFresh, isOffline] = [true, false];
  const sync = {
    ready: async () => undefined,
    get isFresh() {
      return isFresh;
    },
  };
  const judged = judgedSync(sync, () => isOffline);
  assert.equal(judged.isFresh, true);
  isOffline = true;
  assert.equal(judged.isFresh, false);
  [isFresh, isOffline] = [false, false];
  assert.equal(judged.isFresh, false);
});
