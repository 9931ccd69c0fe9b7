import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyAssignment } from './empty-assignment.ts';
import { CoilError } from './error.ts';
import { IpPrefix } from './ip-prefix.ts';

test('all blocks of a new subnet are free, in ascending order', () => {
  const assignment = emptyAssignment(IpPrefix.parse('2001:db8::/126'), 1);
  assert.deepEqual(assignment.toJSON(), { free: ['2001:db8::/127', '2001:db8::2/127'], nodes: {} });
});

test('a subnet that has no block of the size, or too many, is refused', () => {
  for (const [subnet, size] of [
    ['10.0.0.0/28', 5],
    ['10.0.0.0/16', 1],
    ['10.0.0.0/16', -1],
    ['10.0.0.0/16', 4.5],
  ] as const) {
    assert.throws(
      () => emptyAssignment(IpPrefix.parse(subnet), size),
      (error) => CoilError.is(error, 'invalid-argument'),
    );
  }
});
