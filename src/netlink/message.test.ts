import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { textAttribute, u32Attribute } from './attributes.ts';
import {
  decodeAcknowledgement,
  decodeMessages,
  encodeMessage,
  type Message,
  MessageFlag,
  MessageType,
} from './message.ts';
import { concat, writeI32 } from './native-bytes.ts';
import { NetlinkError } from './netlink-error.ts';

const body = fc.uint8Array({ maxLength: 64 });
const message: fc.Arbitrary<Message> = fc.record(
  {
    type: fc.nat(0xffff),
    flags: fc.nat(0xffff),
    sequence: fc.nat(0xffffffff),
    body,
  },
  { noNullPrototype: true },
);

test('messages are read as they were written, several in a row', () => {
  fc.assert(
    fc.property(fc.array(message), (messages) => {
      assert.deepEqual(decodeMessages(concat(messages.map(encodeMessage))), messages);
    }),
  );
});

test('any bytes are messages or a NetlinkError', () => {
  const random = fc.uint8Array({ maxLength: 100 });
  fc.assert(
    fc.property(random, fc.nat(0xffff), fc.boolean(), (bytes, flags, done) => {
      const type = done ? MessageType.done : MessageType.error;
      for (const read of [
        () => decodeMessages(bytes),
        () => decodeAcknowledgement({ type, flags, sequence: 1, body: bytes }),
      ]) {
        try {
          read();
        } catch (error) {
          assert.ok(NetlinkError.is(error, 'EBADMSG'), String(error));
        }
      }
    }),
  );
});

test('a message that ends too early is refused', () => {
  const bytes = encodeMessage({ type: 16, flags: 0, sequence: 1, body: new Uint8Array(8) });
  assert.throws(
    () => decodeMessages(bytes.subarray(0, 20)),
    (error) => NetlinkError.is(error, 'EBADMSG'),
  );
});

for (const capped of [true, false]) {
  test(`the kernel's words are found behind ${capped ? 'the header' : 'the whole'} of the request`, () => {
    const request = encodeMessage({ type: 24, flags: 5, sequence: 9, body: new Uint8Array(20) });
    const errno = new Uint8Array(4);
    writeI32(errno, 0, -101);
    const acknowledgement: Message = {
      type: MessageType.error,
      flags: MessageFlag.acknowledgementAttributes | (capped ? MessageFlag.capped : 0),
      sequence: 9,
      body: concat([
        errno,
        capped ? request.subarray(0, 16) : request,
        textAttribute(1, 'Nexthop has invalid gateway'),
        u32Attribute(2, 36),
      ]),
    };
    const report = { message: 'Nexthop has invalid gateway', offset: 36 };
    assert.deepEqual(decodeAcknowledgement(acknowledgement), { errno: 101, report });
    const error = new NetlinkError('ip route add default via 10.0.0.1', 101, report);
    assert.equal(error.message, 'ip route add default via 10.0.0.1: Nexthop has invalid gateway (ENETUNREACH)');
    assert.equal(error.code, 'ENETUNREACH');
  });
}
