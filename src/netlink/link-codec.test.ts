import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeLink, encodeLink, type LinkMessage } from './link-codec.ts';
import { addVethPair, setLink } from './links.ts';
import { MessageFlag } from './message.ts';
import { NetlinkError } from './netlink-error.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

// what iproute2 6.1 sent for `ip link add v0 type veth peer name eth0 netns NAME`, behind the netlink header
const IP_LINK_ADD = hex(`
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  07 00 03 00 76 30 00 00 38 00 12 00 08 00 01 00
  76 65 74 68 2c 00 02 00 28 00 01 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 08 00 1c 00
  04 00 00 00 09 00 03 00 65 74 68 30 00 00 00 00`);

test('a veth pair reads as what `ip link add` sends', () => {
  const request = addVethPair({ name: 'v0', peer: { name: 'eth0', netnsFd: 4 } });
  assert.deepEqual(decodeLink(request.body), decodeLink(IP_LINK_ADD));
  const link = decodeLink(IP_LINK_ADD);
  assert.deepEqual([link.name, link.kind, link.peer?.name, link.peer?.netnsFd], ['v0', 'veth', 'eth0', 4]);
  assert.equal(request.flags, MessageFlag.create | MessageFlag.exclusive);
});

test('a link is brought up by the bytes of `ip link set dev 2 up`', () => {
  assert.deepEqual(setLink(2, { up: true }).body, hex('00 00 00 00 02 00 00 00 01 00 00 00 01 00 00 00'));
  assert.deepEqual(setLink(2, { up: false }).body, hex('00 00 00 00 02 00 00 00 00 00 00 00 01 00 00 00'));
});

const u32 = fc.nat(0xffffffff);
const i32 = fc.nat(0x7fffffff);
const text = fc.stringMatching(/^[a-z0-9/.-]{1,15}$/);
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true });
const plain = {
  index: i32,
  flags: u32,
  change: u32,
  name: optional(text),
  mtu: optional(u32),
  address: optional(fc.uint8Array({ minLength: 6, maxLength: 6 })),
  alias: optional(text),
  group: optional(u32),
  master: optional(u32),
  link: optional(u32),
  linkNetnsId: optional(fc.integer({ min: -1, max: 0x7fffffff })),
  txQueues: optional(u32),
  rxQueues: optional(u32),
  netnsFd: optional(u32),
  addressGeneration: optional(fc.nat(3)),
};
const peer = record({ ...plain, kind: fc.constant(undefined), peer: fc.constant(undefined) });
const link: fc.Arbitrary<LinkMessage> = fc.oneof(
  peer,
  record({ ...plain, kind: fc.constant('veth'), peer: optional(peer) }),
  record({ ...plain, kind: fc.constant('bridge'), peer: fc.constant(undefined) }),
);

test('a link is read as it was written', () => {
  fc.assert(fc.property(link, (message) => assert.deepEqual(decodeLink(encodeLink(message)), message)));
});

test('any bytes are a link or a NetlinkError', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    // a message with one byte changed, so that the nested attributes are reached too
    fc.tuple(link, fc.nat(), fc.nat(255)).map(([message, at, value]) => {
      const encoded = encodeLink(message);
      encoded[at % encoded.length] = value;
      return encoded;
    }),
  );
  fc.assert(
    fc.property(bytes, (message) => {
      try {
        decodeLink(message);
      } catch (error) {
        assert.ok(NetlinkError.is(error, 'EBADMSG'), String(error));
      }
    }),
  );
});
