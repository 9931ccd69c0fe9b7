import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ECHO, ECHO_METHOD, type Echo, HELLO } from '../../test/etcd/echo-client.ts';
import {
  type Answer,
  answerWith,
  FakeGrpcServer,
  frame,
  headersOnly,
  succeed,
} from '../../test/etcd/fake-grpc-server.ts';
import { type CallOptions, GrpcConnection } from './grpc-connection.ts';
import { GRPC_STATUS, GrpcError } from './grpc-error.ts';

async function withServer(
  answer: Answer,
  body: (server: FakeGrpcServer, call: (options?: Partial<CallOptions>) => Promise<Echo>) => Promise<void>,
): Promise<void> {
  await using server = await FakeGrpcServer.start();
  server.answer = answer;
  const connection = new GrpcConnection(server.url, { dialTimeoutMs: 2000, callTimeoutMs: 5000, keepaliveMs: 10_000 });
  try {
    await connection.connect();
    await body(
      server,
      async (options) => await connection.call(ECHO_METHOD, { text: 'hi' }, { timeoutMs: 5000, ...options }),
    );
  } finally {
    connection.close();
  }
}

function callTest(
  name: string,
  answer: Answer,
  expected: Echo | { code: number; message: RegExp; sent?: boolean },
): void {
  test(name, { timeout: 20_000 }, async () => {
    await withServer(answer, async (_server, call) => {
      if (!('code' in expected)) {
        assert.deepEqual(await call(), expected);
        return;
      }
      const { code, message, sent = true } = expected;
      await assert.rejects(call(), (error) => {
        assert.ok(error instanceof GrpcError, String(error));
        assert.deepEqual([error.code, error.sent], [code, sent], error.message);
        assert.match(error.message, message);
        return true;
      });
    });
  });
}

describe('answers', () => {
  callTest('a message and a status', succeed(HELLO), { text: 'hello' });
  callTest('a message of no bytes', succeed(''), { text: '' });
  callTest(
    'a message that comes byte by byte',
    answerWith(
      [...frame(HELLO)].map((byte) => Buffer.of(byte)),
      { 'grpc-status': '0' },
    ),
    { text: 'hello' },
  );
  const long = 'x'.repeat(20 << 20);
  callTest('a message larger than the windows', succeed(ECHO.encode({ text: long })), { text: long });
});

describe('failures that the server tells', () => {
  callTest(
    'in trailers, after a message',
    answerWith([frame(HELLO)], { 'grpc-status': '14', 'grpc-message': 'etcdserver: no leader' }),
    { code: GRPC_STATUS.unavailable, message: /^etcdserver: no leader$/ },
  );
  callTest('in headers alone, percent-encoded', headersOnly({ 'grpc-status': 3, 'grpc-message': 'f%C3%BCr 100%25' }), {
    code: GRPC_STATUS.invalidArgument,
    message: /^für 100%$/,
  });
  callTest('encoded badly', headersOnly({ 'grpc-status': 2, 'grpc-message': '100%' }), {
    code: GRPC_STATUS.unknown,
    message: /^100%$/,
  });
  callTest('without a message', headersOnly({ 'grpc-status': 16 }), {
    code: GRPC_STATUS.unauthenticated,
    message: /^gRPC status 16$/,
  });
  callTest('as HTTP', headersOnly({ ':status': 503 }), { code: GRPC_STATUS.unavailable, message: /^HTTP status 503$/ });
});

describe('answers that are none', () => {
  callTest('success without a message', headersOnly({ 'grpc-status': 0 }), {
    code: GRPC_STATUS.internal,
    message: /incomplete/,
  });
  callTest('half a message', answerWith([frame(HELLO).subarray(0, 8)], { 'grpc-status': '0' }), {
    code: GRPC_STATUS.internal,
    message: /incomplete/,
  });
  callTest('no status', answerWith([frame(HELLO)], {}), { code: GRPC_STATUS.internal, message: /ended/ });
  callTest('a message that is no protobuf', succeed(Buffer.from([0x0a, 0x7f])), {
    code: GRPC_STATUS.internal,
    message: /not protobuf/,
  });
  callTest('a compressed message', answerWith([Buffer.from('\u0001\0\0\0\u0001x')], { 'grpc-status': '0' }), {
    code: GRPC_STATUS.internal,
    message: /compressed/,
  });
  callTest('a reset', (stream) => stream.close(2), { code: GRPC_STATUS.internal, message: /code 2 / });
  callTest('a refusal, which says that nothing was done', (stream) => stream.close(7), {
    code: GRPC_STATUS.unavailable,
    message: /code 7 /,
    sent: false,
  });
  callTest('a connection that ends', (stream) => stream.session?.destroy(), {
    code: GRPC_STATUS.unavailable,
    message: /^the connection was lost/,
  });
});

describe('calls', () => {
  test('carry what gRPC and the caller ask for', async () => {
    await withServer(succeed(HELLO), async (server, call) => {
      await call({ metadata: { token: 'secret' } });
      await call();
      const [first, second] = server.calls;
      assert.equal(first?.[':method'], 'POST');
      assert.equal(first?.[':path'], ECHO_METHOD.path);
      assert.equal(first?.te, 'trailers');
      assert.equal(first?.['content-type'], 'application/grpc');
      assert.equal(first?.['grpc-timeout'], '5000m');
      assert.equal(first?.token, 'secret');
      assert.equal(second?.token, undefined);
    });
  });

  test('end in time, and the stream with them', { timeout: 20_000 }, async () => {
    const reset = Promise.withResolvers<number>();
    const silent: Answer = (stream) => stream.on('close', () => reset.resolve(stream.rstCode));
    await withServer(silent, async (_server, call) => {
      const late = call({ timeoutMs: 50 });
      await assert.rejects(late, { code: GRPC_STATUS.deadlineExceeded, sent: true, message: 'no answer within 50 ms' });
      assert.equal(await reset.promise, 8, 'cancelled');
    });
  });

  test('end when they are aborted, with the reason, and the stream with them', { timeout: 20_000 }, async () => {
    const [begun, reset] = [Promise.withResolvers<void>(), Promise.withResolvers<number>()];
    const silent: Answer = (stream) => {
      stream.on('close', () => reset.resolve(stream.rstCode));
      begun.resolve();
    };
    await withServer(silent, async (_server, call) => {
      const abort = new AbortController();
      const reason = new Error('enough');
      const aborted = assert.rejects(call({ signal: abort.signal }), reason);
      await begun.promise;
      abort.abort(reason);
      await aborted;
      assert.equal(await reset.promise, 8, 'cancelled');
    });
  });

  test('are not sent where they are aborted before', async () => {
    await withServer(succeed(HELLO), async (server, call) => {
      const reason = new Error('enough');
      await assert.rejects(call({ signal: AbortSignal.abort(reason) }), reason);
      assert.equal(server.calls.length, 0);
    });
  });

  test('are many at the same time', async () => {
    await withServer(succeed(HELLO), async (_server, call) => {
      const all = await Promise.all(Array.from({ length: 500 }, async () => await call()));
      assert.ok(all.every(({ text }) => text === 'hello'));
    });
  });
});
