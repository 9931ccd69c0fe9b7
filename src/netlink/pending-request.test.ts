import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Message, MessageFlag, MessageType } from './message.ts';
import { writeI32 } from './native-bytes.ts';
import { NetlinkError } from './netlink-error.ts';
import { PendingRequest } from './pending-request.ts';
import type { Request } from './request.ts';

const request: Request<number | undefined> = {
  operation: 'ip link show',
  type: 18,
  flags: 0,
  body: new Uint8Array(),
  decode: (body) => {
    if (body.length === 0) throw NetlinkError.malformed('empty');
    return body[0] === 0 ? undefined : body[0];
  },
};

function message(type: number, changes: Partial<Message> = {}): Message {
  return { type, flags: 0, sequence: 1, body: new Uint8Array(), ...changes };
}

function ended(type: number, errno: number): Message {
  const body = new Uint8Array(20);
  writeI32(body, 0, -errno);
  return message(type, { body });
}

test('a request is over with its acknowledgement, and its value is the answer before', () => {
  const pending = new PendingRequest(request);
  pending.accept(message(16, { body: Uint8Array.of(7) }));
  assert.equal(pending.over, false);
  pending.accept(ended(MessageType.error, 0));
  assert.equal(pending.over, true);
  assert.deepEqual(pending.outcome, { value: 7 });
});

test('a refusal is an error of that operation', () => {
  const pending = new PendingRequest(request);
  pending.accept(ended(MessageType.error, 19));
  assert.ok(NetlinkError.is(pending.outcome.error, 'ENODEV'));
  assert.equal(pending.outcome.error.operation, 'ip link show');
});

test('an acknowledgement without the answer that was asked for is no success', () => {
  const pending = new PendingRequest(request);
  pending.accept(ended(MessageType.error, 0));
  assert.ok(NetlinkError.is(pending.outcome.error, 'EBADMSG'));
});

test('a dump gathers values, leaves out undefined, and notes that it was interrupted', () => {
  const pending = new PendingRequest(request);
  pending.accept(message(16, { flags: MessageFlag.multi, body: Uint8Array.of(1) }));
  pending.accept(message(16, { flags: MessageFlag.multi, body: Uint8Array.of(0) }));
  pending.accept(message(16, { flags: MessageFlag.multi, body: Uint8Array.of(2) }));
  assert.equal(pending.interrupted, false);
  pending.accept({ ...ended(MessageType.done, 0), flags: MessageFlag.multi | MessageFlag.dumpInterrupted });
  assert.deepEqual([pending.over, pending.interrupted, pending.values], [true, true, [1, 2]]);
});

test('an answer that cannot be read is the failure of its request, and the first failure counts', () => {
  const pending = new PendingRequest(request);
  pending.accept(message(16));
  pending.accept(ended(MessageType.error, 19));
  assert.ok(NetlinkError.is(pending.error, 'EBADMSG'));
});

test('lost answers are a failure', () => {
  const pending = new PendingRequest(request);
  pending.accept(message(MessageType.noop));
  assert.equal(pending.over, false);
  pending.accept(message(MessageType.overrun));
  assert.ok(NetlinkError.is(pending.error, 'ENOBUFS'));
});
