import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ECHO, ECHO_METHOD, EchoClient, HELLO } from '../../test/etcd/echo-client.ts';
import { FakeGrpcServer, frame } from '../../test/etcd/fake-grpc-server.ts';
import { GRPC_STATUS } from './grpc-error.ts';

const QUICK = { timeout: 20_000 };

describe('a stream', () => {
  test('carries messages both ways, until the server ends it', QUICK, async () => {
    await using server = await FakeGrpcServer.start();
    using client = new EchoClient(server.url);
    server.onStream = (stream) => {
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '14', 'grpc-message': 'no leader' }));
      let echoed = 0;
      stream.on('data', (chunk: Buffer) => {
        stream.write(chunk);
        if (++echoed === 3) stream.end(Buffer.concat([frame(HELLO), frame(HELLO)]));
      });
    };
    await client.connection.connect();
    const call = client.connection.open(ECHO_METHOD, { hasleader: 'true' });
    call.write({ text: '1' });
    const got: (string | undefined)[] = [];
    await assert.rejects(
      async () => {
        for await (const { text } of call) {
          got.push(text);
          if (got.length < 3) call.write({ text: String(got.length + 1) });
        }
      },
      { code: GRPC_STATUS.unavailable, message: 'no leader' },
    );
    assert.deepEqual(got, ['1', '2', '3', 'hello', 'hello']);
    assert.equal(server.calls[0]?.hasleader, 'true');
    assert.equal(server.calls[0]?.['grpc-timeout'], undefined);
  });

  test('does not fetch what its consumer does not take', QUICK, async () => {
    await using server = await FakeGrpcServer.start();
    using client = new EchoClient(server.url);
    const blocked = Promise.withResolvers<number>();
    const message = frame(ECHO.encode({ text: 'x'.repeat(1 << 20) }));
    server.onStream = (stream) => {
      stream.respond({ ':status': 200 });
      let sent = 0;
      const send = () => {
        const timer = setTimeout(() => blocked.resolve(sent), 300);
        stream.write(message, (error) => {
          clearTimeout(timer);
          sent++;
          if (!error) send();
        });
      };
      send();
    };
    await client.connection.connect();
    const messages = client.connection.open(ECHO_METHOD)[Symbol.asyncIterator]();
    assert.equal((await messages.next()).value?.text?.length, 1 << 20);
    const sent = await blocked.promise;
    assert.ok(sent >= 7 && sent < 20, `${sent} MiB: about the window`);
    await messages.return(undefined);
  });

  test('ends with its connection', QUICK, async () => {
    await using server = await FakeGrpcServer.start();
    const client = new EchoClient(server.url);
    server.onStream = (stream) => stream.respond({ ':status': 200 });
    await client.connection.connect();
    const next = client.connection.open(ECHO_METHOD)[Symbol.asyncIterator]().next();
    client.connection.close();
    await assert.rejects(next, { code: GRPC_STATUS.unavailable });
  });
});
