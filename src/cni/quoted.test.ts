import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quoted } from './quoted.ts';

const CASES: readonly (readonly [unknown, string])[] = [
  ['a "b"\n', '"a \\"b\\"\\n"'],
  ['x'.repeat(257), `"${'x'.repeat(256)}"…`],
  [1.1, '1.1'],
  [null, 'null'],
  [undefined, 'nothing'],
  [{ a: 1 }, '{…}'],
  [['10.0.0.1/32', 2], '["10.0.0.1/32",2]'],
  [[1, 2, 3, 4, 5], '[1,2,3,4,…]'],
  [[[1], { a: 1 }], '[[…],{…}]'],
  [JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), '[[…]]'],
];

for (const [value, text] of CASES) test(`shows ${text.slice(0, 20)}`, () => assert.equal(quoted(value), text));
