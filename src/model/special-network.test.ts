import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoilError } from './error.ts';
import { IpPrefix } from './ip-prefix.ts';
import { refuseSpecialNetwork } from './special-network.ts';

const REFUSED: [string, RegExp][] = [
  ['0.0.0.0/24', /unspecified addresses \(0\.0\.0\.0\/8\)/],
  ['0.0.0.0/0', /unspecified/],
  ['127.0.0.0/8', /loopback/],
  ['127.255.255.255/32', /loopback/],
  ['126.0.0.0/7', /loopback/],
  ['169.254.1.0/24', /link-local/],
  ['224.0.0.0/24', /multicast/],
  ['239.255.255.0/24', /multicast/],
  ['192.0.0.0/2', /multicast/],
  ['255.255.255.0/24', /broadcast/],
  ['::/112', /unspecified address \(::\/128\)/],
  ['::1/128', /loopback/],
  ['fe80::/112', /link-local/],
  ['febf:ffff::/112', /link-local/],
  ['ff02::/112', /multicast/],
  ['::ffff:127.0.0.0/120', /loopback/],
];

for (const [subnet, says] of REFUSED) {
  test(`${subnet} is refused, and named`, () => {
    const prefix = IpPrefix.parse(subnet);
    assert.throws(
      () => refuseSpecialNetwork(prefix),
      (error) =>
        CoilError.is(error, 'invalid-argument') && error.message.includes(` ${prefix} `) && says.test(error.message),
    );
  });
}

for (const subnet of [
  ...['1.0.0.0/24', '10.0.0.0/8', '100.64.0.0/10', '126.255.255.0/24', '128.0.0.0/16', '169.253.0.0/16'],
  ...['192.0.2.0/24', '203.0.113.0/28', '223.255.255.0/24', '240.0.0.0/16', '255.255.254.0/24'],
  ...['::2/128', '64:ff9b::/112', '2001:db8::/64', 'fd00::/64', 'fec0::/64', 'fe00::/64'],
]) {
  test(`${subnet} is taken`, () => refuseSpecialNetwork(IpPrefix.parse(subnet)));
}
