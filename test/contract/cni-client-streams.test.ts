import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { main } from '../../src/programs/coil.ts';
import { builds } from './build-launcher.ts';
import { answer, NETCONF } from './cni-client-case.ts';
import { FakeCoild } from './fake-coild.ts';

// What the table of cases cannot say: standard streams, queues and signals that do not behave.

const env = { CNI_COMMAND: 'ADD' };
const commands = {
  'launcher/coil.c': [await builds.launcher()],
  'src/programs/coil.ts': [process.execPath, join(import.meta.dirname, 'run-coil.ts')],
};

for (const [name, [file = '', ...args]] of Object.entries(commands)) {
  const start = (stdout: 'pipe' | FileHandle = 'pipe') =>
    spawn(file, args, { env, stdio: ['pipe', typeof stdout === 'string' ? stdout : stdout.fd, 'inherit'] });

  describe(`${name} as a process`, { concurrency: 4 }, () => {
    test('fails where standard output is full', async () => {
      await using coild = await FakeCoild.listen({ send: answer(200, '{}'), after: 'close' });
      await using full = await open('/dev/full', 'w');
      const child = start(full);
      child.stdin!.end(NETCONF(coild.address));
      assert.deepEqual(await once(child, 'exit'), [1, null]);
      assert.equal(coild.requests.length, 1);
    });

    test('fails where nobody reads standard output', async () => {
      await using coild = await FakeCoild.listen({ send: answer(200, '{}'), after: 'close' });
      const child = start();
      child.stdout!.destroy();
      child.stdin!.end(NETCONF(coild.address));
      assert.deepEqual(await once(child, 'exit'), [1, null]);
      assert.equal(coild.requests.length, 1);
    });

    test('does not wait for the end of standard input for ever', async () => {
      const child = start();
      const [printed, [status]] = await Promise.all([json(child.stdout!), once(child, 'exit')]);
      child.stdin!.destroy();
      const msg = 'cannot read the network configuration from standard input';
      assert.deepEqual(printed, { cniVersion: '1.1.0', code: 5, msg, details: 'it did not end in time' });
      assert.equal(status, 1);
    });

    test('waits for room in the queue of a coild that does not accept, and not for ever', {
      timeout: 30_000,
    }, async () => {
      await using queue = await fullQueue();
      const child = start();
      child.stdin!.end(NETCONF(`unix://${queue.path}`));
      const [printed, [status]] = await Promise.all([json(child.stdout!), once(child, 'exit')]);
      assert.match((printed as { details: string }).details, /^connect: no complete answer within 2 s; /);
      assert.equal(status, 1);
    });
  });
}

test('src/programs/coil.ts answers when it is told to stop', async () => {
  await using coild = await FakeCoild.listen({ after: 'hang' });
  const stop = new AbortController();
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const stdin = Readable.from([Buffer.from(NETCONF(coild.address))]);
  const running = main({ argv: [], env, stdin, stdout, stderr, signal: stop.signal });
  await coild.requested;
  stop.abort();
  assert.equal(await running, 1);
  stdout.end();
  const printed = (await json(stdout)) as { details: string };
  assert.match(printed.details, /^receive: stopped before the answer was complete; /);
});

/** A Unix socket whose owner is too busy to accept, with its queue full. */
async function fullQueue(): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'coil-test-'));
  const path = join(folder, 'coild.sock');
  const busy = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     require('node:net').createServer().listen(workerData, 1, () => {
       parentPort.postMessage('listening');
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
     });`,
    { eval: true, workerData: path },
  );
  await once(busy, 'message');
  const waiting: Socket[] = [];
  for (let room = true; room; ) {
    const socket = connect(path);
    waiting.push(socket);
    room = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) socket.destroy();
      await busy.terminate();
      await rm(folder, { recursive: true });
    },
  };
}
