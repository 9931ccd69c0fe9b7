import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CoilError } from './error.ts';
import { IpAddress } from './ip-address.ts';

// what Go's net.ParseIP(text).String() gives
const READABLE: [string, string][] = [
  ['0.0.0.0', '0.0.0.0'],
  ['10.11.0.255', '10.11.0.255'],
  ['255.255.255.255', '255.255.255.255'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:DB8::1', '2001:db8::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
  ['fe80::0001', 'fe80::1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::ffff:a00:1', '10.0.0.1'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
];

const UNREADABLE = [
  '',
  '.',
  '1',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.4 ',
  '+1.2.3.4',
  '1.2.3.4/32',
  '0x1.2.3.4',
  ':',
  ':::',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1::2::3',
  '12345::',
  'g::',
  '::1%eth0',
  '1:2:3:4:5:6:7:8::',
  '1.2.3.4::',
  '::1.2.3.4:5',
  '::1.2.3',
  '1:2:3:4:5:6:7:1.2.3.4',
  ' ::1',
];

for (const [text, printed] of READABLE) {
  test(`${text} reads as ${printed}`, () => assert.equal(IpAddress.parse(text).toString(), printed));
}

for (const text of UNREADABLE) {
  test(`${JSON.stringify(text)} is no address`, () => {
    assert.equal(IpAddress.tryParse(text), undefined);
    assert.throws(
      () => IpAddress.parse(text),
      (error) => CoilError.is(error, 'invalid-argument') && error.message.includes(JSON.stringify(text)),
    );
  });
}

const ipv4 = fc.bigInt(0n, 2n ** 32n - 1n).map((value) => new IpAddress(4, value));
const ipv6 = fc
  .array(fc.oneof(fc.constant(0n), fc.bigInt(0n, 0xffffn)), { minLength: 8, maxLength: 8 })
  .map((groups) => IpAddress.fromIpv6Value(groups.reduce((value, group) => (value << 16n) | group, 0n)));

test('property: what is printed reads as the same address, and is the shortest of its kind', () => {
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6), (address) => {
      const text = address.toString();
      assert.ok(IpAddress.parse(text).equals(address));
      if (address.family === 6) assert.equal(text, new URL(`http://[${text}]/`).hostname.slice(1, -1));
    }),
  );
});

test('property: bytes and back', () => {
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6), (address) => assert.ok(IpAddress.fromBytes(address.toBytes()).equals(address))),
  );
});

test('property: no text crashes the parser', () => {
  const text = fc.string({ unit: fc.constantFrom(...'0123456789abcdef:./%x ') });
  fc.assert(fc.property(text, (candidate) => assert.doesNotThrow(() => IpAddress.tryParse(candidate))));
});

test('IPv4 comes before IPv6, and lower before higher', () => {
  const sorted = ['10.0.0.2', '10.0.0.10', '::1', '2001:db8::'];
  const mixed = ['2001:db8::', '10.0.0.10', '::1', '10.0.0.2'].map(IpAddress.parse);
  assert.deepEqual(mixed.sort((a, b) => a.compare(b)).map(String), sorted);
});
