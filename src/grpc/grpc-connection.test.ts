import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EchoClient, HELLO } from '../../test/etcd/echo-client.ts';
import { FakeGrpcServer, succeed } from '../../test/etcd/fake-grpc-server.ts';
import { freePort } from '../../test/etcd/free-port.ts';
import { TcpProxy } from '../../test/etcd/tcp-proxy.ts';
import { GRPC_STATUS, GrpcError } from './grpc-error.ts';

const QUICK = { timeout: 20_000 };

async function refused(call: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof GrpcError, String(error));
    assert.deepEqual([error.code, error.sent], [GRPC_STATUS.unavailable, false]);
    assert.match(error.message, message);
    return true;
  });
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `in vain: ${holds}`);
    await sleep(5);
  }
}

describe('to connect', () => {
  test('is done once for all who ask for it, and lasts', QUICK, async () => {
    await using server = await FakeGrpcServer.start();
    using client = new EchoClient(server.url);
    await Promise.all(Array.from({ length: 10 }, async () => await client.call()));
    await client.call();
    assert.equal(server.sessions.length, 1);
  });

  test('fails with the reason where nobody listens, and soon succeeds where somebody does', QUICK, async () => {
    const port = await freePort();
    using client = new EchoClient(`http://127.0.0.1:${port}`);
    await refused(client.call(), /^connect ECONNREFUSED 127\.0\.0\.1/);
    await refused(client.call(), /^connect ECONNREFUSED 127\.0\.0\.1/);
    await using server = await FakeGrpcServer.start(port);
    server.answer = succeed(HELLO);
    await until(async () => {
      const answer = await client.call().catch(() => undefined);
      return answer?.text === 'hello';
    });
  });

  test('fails where a name has several addresses, and says why for each', QUICK, async () => {
    using client = new EchoClient(`http://localhost:${await freePort()}`);
    await refused(client.call(), /ECONNREFUSED/);
  });

  test('fails in time where the server stays silent', QUICK, async () => {
    const sockets: Socket[] = [];
    await using mute = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    using client = new EchoClient(`http://127.0.0.1:${(mute.address() as AddressInfo).port}`, { dialTimeoutMs: 100 });
    await refused(client.call(), /^no connection within 100 ms$/);
    for (const socket of sockets) socket.destroy();
  });

  test('fails where the server hangs up, or speaks something else', QUICK, async () => {
    await using rude = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(rude, 'listening');
    using first = new EchoClient(`http://127.0.0.1:${(rude.address() as AddressInfo).port}`);
    await refused(first.call(), /closed the connection|ECONNRESET/);
    await using http1 = createHttpServer().listen(0, '127.0.0.1');
    await once(http1, 'listening');
    using second = new EchoClient(`http://127.0.0.1:${(http1.address() as AddressInfo).port}`);
    await refused(second.call(), /does not speak HTTP\/2/);
  });

  test('ends when it is closed, and is refused then', QUICK, async () => {
    const sockets: Socket[] = [];
    await using mute = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const client = new EchoClient(`http://127.0.0.1:${(mute.address() as AddressInfo).port}`, {
      dialTimeoutMs: 10_000,
    });
    const call = refused(client.call(), /closed/);
    client.connection.close();
    await call;
    await refused(client.call(), /closed/);
    for (const socket of sockets) socket.destroy();
  });
});

describe('a connection', () => {
  test('that the server wants to end (GOAWAY) ends its calls, and new ones go over another', QUICK, async () => {
    await using server = await FakeGrpcServer.start();
    using client = new EchoClient(server.url);
    const begun = Promise.withResolvers<() => void>();
    server.answer = (stream, request) => begun.resolve(() => succeed(HELLO)(stream, request));
    const first = client.call();
    const finish = await begun.promise;
    server.answer = succeed(HELLO);
    server.sessions[0]!.goaway();
    await until(() => !client.connection.isConnected);
    assert.deepEqual(await client.call(), { text: 'hello' });
    assert.equal(server.sessions.length, 2);
    finish();
    assert.deepEqual(await first, { text: 'hello' });
  });

  test('that is reset ends its calls as perhaps carried out, and is made anew', QUICK, async () => {
    await using server = await FakeGrpcServer.start();
    await using proxy = await TcpProxy.to({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
    using client = new EchoClient(proxy.url);
    server.answer = () => proxy.cut();
    await assert.rejects(client.call(), {
      code: GRPC_STATUS.unavailable,
      sent: true,
      message: /^the connection was lost/,
    });
    server.answer = succeed(HELLO);
    assert.deepEqual(await client.call(), { text: 'hello' });
  });

  test('that falls silent is found out by a ping while a call waits', QUICK, async () => {
    await using server = await FakeGrpcServer.start();
    await using proxy = await TcpProxy.to({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
    using client = new EchoClient(proxy.url, { keepaliveMs: 100 });
    server.answer = () => proxy.silence();
    const lost = { code: GRPC_STATUS.unavailable, message: 'the connection was lost: no sign of life within 50 ms' };
    await assert.rejects(client.call(10_000), lost);
    assert.ok(!client.connection.isConnected);
  });

  test('is asked for a sign of life once a call was late, and kept where it gives one', QUICK, async () => {
    await using server = await FakeGrpcServer.start();
    await using proxy = await TcpProxy.to({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
    using client = new EchoClient(proxy.url, { keepaliveMs: 400 });
    const pinged = Promise.withResolvers<void>();
    server.answer = (stream) => stream.session!.on('ping', () => pinged.resolve());
    await assert.rejects(client.call(50), { code: GRPC_STATUS.deadlineExceeded });
    await pinged.promise;
    server.answer = succeed(HELLO);
    assert.deepEqual(await client.call(), { text: 'hello' });
    assert.equal(server.sessions.length, 1);
    server.answer = () => proxy.silence();
    await assert.rejects(client.call(50), { code: GRPC_STATUS.deadlineExceeded });
    await until(() => !client.connection.isConnected);
  });

  test('that is idle is left in peace', QUICK, async () => {
    await using server = await FakeGrpcServer.start();
    using client = new EchoClient(server.url, { keepaliveMs: 20 });
    await client.call();
    let pings = 0;
    server.sessions[0]!.on('ping', () => pings++);
    await sleep(150);
    assert.equal(pings, 0);
  });
});
