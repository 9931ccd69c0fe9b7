import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { answerWith, FakeGrpcServer, frame, headersOnly } from '../../test/etcd/fake-grpc-server.ts';
import { GrpcError } from '../grpc/grpc-error.ts';
import { RecordingLogger } from '../process/recording-logger.ts';
import { listPodSandboxResponse, versionResponse } from './cri-messages.ts';
import { CriSandboxSource } from './cri-sandbox-source.ts';

const soon = () => AbortSignal.timeout(10_000);
const SANDBOXES = [
  { id: 'a'.repeat(64), state: 0 },
  { id: 'b', state: 1 },
];

async function withRuntime(
  body: (runtime: FakeGrpcServer, source: CriSandboxSource, logger: RecordingLogger, socket: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ct-'));
  try {
    const socket = join(folder, 'cri.sock');
    const logger = new RecordingLogger();
    await using runtime = await FakeGrpcServer.start(socket);
    runtime.answer = answer;
    using source = new CriSandboxSource({ socket, timeoutMs: 500 }, { logger });
    await body(runtime, source, logger, socket);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const answer: FakeGrpcServer['answer'] = (stream, request) => {
  const isVersion = stream.sentHeaders === undefined && request.length > 5;
  const message = isVersion
    ? versionResponse.encode({ runtimeName: 'fake', runtimeVersion: '1.0' })
    : listPodSandboxResponse.encode({ items: SANDBOXES });
  answerWith([frame(message)], { 'grpc-status': '0' })(stream, request);
};

test('sandboxes are listed over the unix socket; the runtime is named once', () =>
  withRuntime(async (runtime, source, logger) => {
    const expected = [
      { id: SANDBOXES[0]!.id, ready: true },
      { id: 'b', ready: false },
    ];
    assert.deepEqual(await source.listSandboxes(soon()), expected);
    assert.deepEqual(await source.listSandboxes(soon()), expected);
    assert.deepEqual(
      runtime.calls.map((headers) => headers[':path']),
      ['Version', 'ListPodSandbox', 'ListPodSandbox'].map((name) => `/runtime.v1.RuntimeService/${name}`),
    );
    assert.equal(runtime.calls[0]?.[':authority'], 'localhost:80');
    assert.deepEqual(
      logger.records.map(({ fields }) => fields.runtime),
      ['fake 1.0'],
    );
  }));

test('an empty answer says that there are none', () =>
  withRuntime(async (runtime, source) => {
    runtime.answer = answerWith([frame('')], { 'grpc-status': '0' });
    assert.deepEqual(await source.listSandboxes(soon()), []);
  }));

for (const [what, failing] of Object.entries({
  'a runtime without this version of the interface': headersOnly({
    'grpc-status': 12,
    'grpc-message': 'unknown service',
  }),
  'a runtime that is starting': headersOnly({ 'grpc-status': 14, 'grpc-message': 'not ready' }),
  'a runtime that hangs': () => undefined,
  'an answer that is cut off': answerWith([frame('abc').subarray(0, 6)], { 'grpc-status': '0' }),
  'an answer without a message': answerWith([], { 'grpc-status': '0' }),
})) {
  test(`${what} is no list of none`, () =>
    withRuntime(async (runtime, source) => {
      await source.listSandboxes(soon());
      runtime.answer = failing;
      // by itself, and not because whoever asks has waited for long enough
      await assert.rejects(source.listSandboxes(soon()), GrpcError);
      runtime.answer = answer;
      assert.equal((await source.listSandboxes(soon())).length, 2);
    }));
}

test('where nobody listens, the error names why; later it is asked again', () =>
  withRuntime(async (runtime, source, _logger, socket) => {
    await source.listSandboxes(soon());
    await runtime[Symbol.asyncDispose]();
    await assert.rejects(source.listSandboxes(soon()));
    await assert.rejects(source.listSandboxes(soon()), /ENOENT.*cri\.sock/);
    await using again = await FakeGrpcServer.start(socket);
    again.answer = answer;
    for (const deadline = performance.now() + 5_000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
      const listed = await source.listSandboxes(soon()).catch(() => undefined);
      if (listed?.length === 2) break;
      assert.ok(performance.now() < deadline, 'not within 5 s');
    }
  }));
