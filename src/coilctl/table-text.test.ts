import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableText } from './table-text.ts';

test('columns are aligned, numbers to the right, and no line ends in blanks', () => {
  const rows = [
    ['default', 5, 'node1'],
    ['x', 12, undefined],
    ['y', 100, ''],
  ];
  assert.equal(
    tableText({ head: ['POOL', 'FREE', 'NODE'], rows }),
    'POOL     FREE  NODE\ndefault     5  node1\nx          12  -\ny         100  -\n',
  );
});

test('without rows there is the headline', () =>
  assert.equal(tableText({ head: ['POOL', 'BLOCK'], rows: [] }), 'POOL  BLOCK\n'));
