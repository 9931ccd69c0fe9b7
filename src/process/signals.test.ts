import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { stopOnSignals } from './signals.ts';

for (const [name, status] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const) {
  test(`the first ${name} asks to stop, the second exits with ${status}`, () => {
    const source = new EventEmitter();
    const exits: number[] = [];
    using stop = stopOnSignals({ source, exit: (code) => exits.push(code) });
    assert.equal(stop.signal.aborted, false);
    source.emit(name, name);
    assert.equal((stop.signal.reason as Error).message, `stopped by ${name}`);
    assert.deepEqual(exits, []);
    source.emit(name, name);
    assert.deepEqual(exits, [status]);
  });
}

test('leaves no listener behind', () => {
  const source = new EventEmitter();
  stopOnSignals({ source, exit: () => assert.fail() })[Symbol.dispose]();
  assert.deepEqual(source.eventNames(), []);
});
