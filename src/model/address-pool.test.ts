import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressPool, isCreatablePoolName, isPoolName } from './address-pool.ts';
import { CoilError, type CoilErrorCode } from './error.ts';
import { IpPrefix } from './ip-prefix.ts';

const pool = (subnets: string[], blockSize: number) => new AddressPool(subnets.map(IpPrefix.parse), blockSize);

const REFUSED: [string, AddressPool, CoilErrorCode, RegExp][] = [
  ['no subnet', pool([], 5), 'invalid-argument', /no subnets/],
  ['a negative size', pool(['10.0.0.0/16'], -1), 'invalid-argument', /invalid size/],
  ['a size that is no integer', pool(['10.0.0.0/16'], 1.5), 'invalid-argument', /invalid size/],
  ['a size over 24', pool(['10.0.0.0/4'], 25), 'invalid-argument', /invalid size/],
  ['an IPv6 size over 120', pool(['::/0'], 121), 'invalid-argument', /invalid size/],
  ['more than 2^14 blocks', pool(['10.0.0.0/8'], 2), 'invalid-argument', /too small block size.*10 or more/],
  ['a block larger than the subnet', pool(['10.0.0.0/24'], 9), 'invalid-argument', /too large block size/],
  [
    'subnets that overlap',
    pool(['10.0.0.0/16', '10.0.1.0/24'], 4),
    'subnet-in-use',
    /10\.0\.1\.0\/24 overlaps 10\.0\.0\.0\/16/,
  ],
];

for (const [what, candidate, code, message] of REFUSED) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => candidate.validate(),
      (error) => CoilError.is(error, code) && message.test(error.message),
    );
  });
}

for (const [subnets, size] of [
  [['10.0.0.0/16'], 2],
  [['192.0.2.7/32'], 0],
  [['2001:db8::/48'], 70],
  [['10.0.0.0/24', '2001:db8::/120'], 4],
] as const) {
  test(`${subnets} in blocks of 2^${size} is a pool`, () => pool([...subnets], size).validate());
}

test('a pool gives addresses of each family that it has subnets of', () => {
  assert.deepEqual(pool(['2001:db8::/120', '10.0.0.0/24'], 4).families, [4, 6]);
  assert.deepEqual(pool(['2001:db8::/120'], 4).families, [6]);
});

test('JSON that is not a pool says which member is wrong', () => {
  const bad: [unknown, RegExp][] = [
    [null, /JSON object/],
    [[], /JSON object/],
    [{ block_size: 5 }, /subnets is not a list/],
    [{ subnets: ['10.0.0.0/8'] }, /block_size is not a number/],
    [{ subnets: ['10.0.0.0/8', '10.0.0.0'], block_size: 5 }, /subnets\[1\] is not a network: "10\.0\.0\.0"/],
  ];
  for (const [json, message] of bad) {
    assert.throws(
      () => AddressPool.fromJSON(json),
      (error) => CoilError.is(error, 'corrupt-data') && message.test(error.message),
    );
  }
});

test('names: the datastore may hold what creating a pool does not take', () => {
  for (const name of ['default', 'a.b_c-d']) assert.ok(isPoolName(name));
  assert.ok(isCreatablePoolName('0-a') && isPoolName('0-a'));
  for (const name of ['', '-a', 'Bad_Name', 'a/b', 'a b']) assert.ok(!isPoolName(name) && !isCreatablePoolName(name));
  assert.ok(!isCreatablePoolName('a.b'));
});
