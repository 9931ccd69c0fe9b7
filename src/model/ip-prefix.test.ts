import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CoilError } from './error.ts';
import { IpAddress } from './ip-address.ts';
import { IpPrefix } from './ip-prefix.ts';

// what Go's net.ParseCIDR gives as the network
const READABLE: [string, string][] = [
  ['10.11.0.0/16', '10.11.0.0/16'],
  ['10.11.12.13/16', '10.11.0.0/16'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['192.0.2.7/32', '192.0.2.7/32'],
  ['2001:DB8::1/32', '2001:db8::/32'],
  ['::/0', '::/0'],
  ['::ffff:10.1.2.3/112', '10.1.0.0/16'],
  ['::ffff:10.1.2.3/64', '::/64'],
];

for (const [text, printed] of READABLE)
  test(`${text} reads as ${printed}`, () => assert.equal(IpPrefix.parse(text).toString(), printed));

for (const text of [
  '',
  '10.0.0.0',
  '10.0.0.0/',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/08',
  '::/129',
  '/8',
  '10.0.0/8',
  '10.0.0.0/8/8',
]) {
  test(`${JSON.stringify(text)} is no network`, () => {
    assert.throws(
      () => IpPrefix.parse(text),
      (error) => CoilError.is(error, 'invalid-argument'),
    );
  });
}

const prefix = fc.oneof(
  fc
    .tuple(fc.bigInt(0n, 2n ** 32n - 1n), fc.nat(32))
    .map(([value, length]) => new IpPrefix(new IpAddress(4, value), length)),
  fc
    .tuple(fc.bigInt(0n, 2n ** 128n - 1n), fc.nat(128))
    .map(([value, length]) => new IpPrefix(new IpAddress(6, value), length)),
);

test('property: printed and read again', () => {
  fc.assert(
    fc.property(prefix, (candidate) => {
      // ::ffff:0:0/96 and longer print as what they are in IPv6, and read as IPv4
      fc.pre(candidate.family === 4 || candidate.address.value >> 32n !== 0xffffn);
      assert.ok(IpPrefix.parse(candidate.toString()).equals(candidate));
    }),
  );
});

test('property: nth and offsetOf are each the other undone, and stay inside', () => {
  fc.assert(
    fc.property(prefix, fc.bigInt(0n, 2n ** 128n), (candidate, seed) => {
      const offset = seed % candidate.size;
      assert.ok(candidate.contains(candidate.nth(offset)));
      assert.equal(candidate.offsetOf(candidate.nth(offset)), offset);
      assert.throws(
        () => candidate.nth(candidate.size),
        (error) => CoilError.is(error, 'invalid-argument'),
      );
    }),
  );
});

test('property: two networks overlap exactly where one holds the other', () => {
  fc.assert(
    fc.property(prefix, prefix, (a, b) => {
      const last = (p: IpPrefix) => p.address.value + p.size - 1n;
      const overlap = a.family === b.family && a.address.value <= last(b) && b.address.value <= last(a);
      assert.equal(a.overlaps(b), overlap);
      assert.equal(b.overlaps(a), overlap);
    }),
  );
});

test('subdivide gives the blocks of a subnet in ascending order', () => {
  assert.deepEqual([...IpPrefix.parse('10.0.0.0/30').subdivide(31)].map(String), ['10.0.0.0/31', '10.0.0.2/31']);
  assert.deepEqual([...IpPrefix.parse('2001:db8::/126').subdivide(127)].map(String), [
    '2001:db8::/127',
    '2001:db8::2/127',
  ]);
  assert.throws(
    () => [...IpPrefix.parse('10.0.0.0/30').subdivide(29)],
    (error) => CoilError.is(error, 'invalid-argument'),
  );
});
