import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';
import { consistentDump } from './consistent-dump.ts';
import { type Message, MessageFlag, MessageType } from './message.ts';
import { NetlinkError } from './netlink-error.ts';
import type { PendingRequest } from './pending-request.ts';
import type { Request } from './request.ts';

const REQUEST: Request<number | undefined> = {
  operation: 'ip route show',
  type: 26,
  flags: 0,
  body: new Uint8Array(),
  decode: (body) => body[0],
};

const NEW_ROUTE = 24;
const entry = (value: number): Message => ({
  type: NEW_ROUTE,
  flags: MessageFlag.multi,
  sequence: 1,
  body: Uint8Array.of(value),
});
const done = (flags = 0): Message => ({ type: MessageType.done, flags, sequence: 1, body: new Uint8Array(4) });
const INTERRUPTED = [entry(1), done(MessageFlag.dumpInterrupted)];

/** The kernel, whose answers to each attempt are given. */
function answering(...attempts: readonly (readonly Message[] | Error)[]) {
  const exchange = async (pending: PendingRequest<number | undefined>) => {
    const answer = attempts[exchange.calls++] ?? [];
    if (answer instanceof Error) pending.fail(answer);
    else for (const message of answer) pending.accept(message);
  };
  exchange.calls = 0;
  return exchange;
}

const failure = (errno: number) => new NetlinkError('recv', errno);

test('a dump that was interrupted is read anew, and nothing of it is kept', async () => {
  const exchange = answering(INTERRUPTED, [entry(2), entry(3), done()]);
  assert.deepEqual(await consistentDump(REQUEST, exchange), [2, 3]);
  assert.equal(exchange.calls, 2);
});

test('an entry in the middle may say so too, and so may lost answers', async () => {
  const inTheMiddle = [{ ...entry(1), flags: MessageFlag.multi | MessageFlag.dumpInterrupted }, done()];
  const exchange = answering(inTheMiddle, failure(constants.errno.ENOBUFS), [entry(4), done()]);
  assert.deepEqual(await consistentDump(REQUEST, exchange), [4]);
});

test('after five attempts it is an error, never half a table', async () => {
  const exchange = answering(...Array.from({ length: 9 }, () => INTERRUPTED));
  await assert.rejects(consistentDump(REQUEST, exchange), (error) => NetlinkError.is(error, 'EINTR'));
  assert.equal(exchange.calls, 5);
});

test('another failure is not tried again', async () => {
  const exchange = answering(failure(constants.errno.EPERM), [done()]);
  await assert.rejects(consistentDump(REQUEST, exchange), (error) => NetlinkError.is(error, 'EPERM'));
  assert.equal(exchange.calls, 1);
});

test('an abort ends the attempts', async () => {
  const reason = new Error('enough');
  const exchange = answering(INTERRUPTED, [done()]);
  await assert.rejects(consistentDump(REQUEST, exchange, AbortSignal.abort(reason)), reason);
  assert.equal(exchange.calls, 1);
});
