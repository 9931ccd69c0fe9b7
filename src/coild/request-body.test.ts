import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { bodyOf, departureOf } from './request-body.ts';

/** A request of whose body 5 bytes were sent, and its client. */
async function asked(length = 5) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\nhello`);
  const [request] = (await once(server, 'request')) as [IncomingMessage];
  return {
    request,
    client,
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const GONE = { status: 400, message: 'the client has gone before it was answered' };

test('the body of a request whose client has gone is an error, though all of it was sent', {
  timeout: 5_000,
}, async () => {
  await using server = await asked();
  server.client.destroy();
  await new Promise((resolve) => server.request.once('close', resolve));
  await assert.rejects(bodyOf(server.request, 10), GONE);
});

test('a client that goes away within its body is an error', async () => {
  await using server = await asked(6);
  const body = bodyOf(server.request, 10);
  server.client.destroy();
  await assert.rejects(body, GONE);
});

test('a client that goes away before its body is read is heard of, and one that went before', async () => {
  await using server = await asked();
  using departure = departureOf(server.request);
  server.client.destroy();
  await once(departure.signal, 'abort');
  using later = departureOf(server.request);
  for (const { signal } of [departure, later]) assert.throws(() => signal.throwIfAborted(), GONE);
});

test('that a request was read is no departure; a client that goes away then is heard of as long as one listens', async () => {
  await using server = await asked();
  using departure = departureOf(server.request);
  const { signal: ignored } = (() => {
    using over = departureOf(server.request);
    return over;
  })();
  const closed = once(server.request, 'close');
  assert.equal(await bodyOf(server.request, 10), 'hello');
  await closed;
  assert.equal(departure.signal.aborted, false);
  server.client.destroy();
  await once(departure.signal, 'abort');
  assert.equal(ignored.aborted, false);
});
