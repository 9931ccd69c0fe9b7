import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSocketPath } from './socket-path.ts';

for (const path of ['/run/coil/coild.sock', 'coild.sock', 'x'.repeat(92)]) {
  test(`${path} is taken`, () => assert.equal(parseSocketPath('--socket', path), path));
}

for (const path of ['', '/run/coil/', 'a\0b', 'x'.repeat(93), 'é'.repeat(47)]) {
  test(`${JSON.stringify(path)} is refused by name`, () => {
    assert.throws(() => parseSocketPath('--socket', path), {
      name: 'UsageError',
      message: /^--socket ".*" is not/,
    });
  });
}
