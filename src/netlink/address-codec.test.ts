import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressFlag, type AddressMessage, decodeAddress, encodeAddress } from './address-codec.ts';
import { addAddress } from './addresses.ts';
import { NetlinkError } from './netlink-error.ts';
import { RouteScope } from './route-codec.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

test('an IPv4 address reads as what `ip address add 169.254.1.1/32 dev v0 scope link` sends', () => {
  const sent = hex('02 20 00 fd 02 00 00 00  08 00 02 00 a9 fe 01 01  08 00 01 00 a9 fe 01 01');
  const request = addAddress({ address: hex('a9fe0101'), link: 2, scope: RouteScope.link });
  assert.deepEqual(decodeAddress(request.body), decodeAddress(sent));
});

test('an IPv6 address reads as what `ip address add fd00::1/128 dev v0 nodad noprefixroute` sends', () => {
  // iproute2 writes the low eight bits of the flags (nodad) in IFA_FLAGS only
  const sent = hex(`
    0a 80 00 00 02 00 00 00 14 00 02 00 fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01
    08 00 08 00 02 02 00 00 14 00 01 00 fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01`);
  const address = hex('fd000000000000000000000000000001');
  const flags = AddressFlag.noDad | AddressFlag.noPrefixRoute;
  assert.deepEqual(decodeAddress(addAddress({ address, link: 2, flags }).body), decodeAddress(sent));
});

const bytes = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }));
const address: fc.Arbitrary<AddressMessage> = fc.record(
  {
    family: fc.nat(255),
    prefixLength: fc.nat(128),
    link: fc.nat(0xffffffff),
    scope: fc.nat(255),
    flags: fc.nat(0xffff),
    local: fc.option(bytes, { nil: undefined }),
    address: fc.option(bytes, { nil: undefined }),
    label: fc.option(fc.stringMatching(/^[a-z0-9:]{1,15}$/), { nil: undefined }),
  },
  { noNullPrototype: true },
);

test('an address is read as it was written', () => {
  fc.assert(fc.property(address, (message) => assert.deepEqual(decodeAddress(encodeAddress(message)), message)));
});

test('any bytes are an address or a NetlinkError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (message) => {
      try {
        decodeAddress(message);
      } catch (error) {
        assert.ok(NetlinkError.is(error, 'EBADMSG'), String(error));
      }
    }),
  );
});
