import assert from 'node:assert/strict';
import { once } from 'node:events';
import { link, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CoilError } from '../model/error.ts';
import { listenUnix } from './unix-listener.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'coil-socket-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

async function serve(t: TestContext, path: string): Promise<{ server: Server; remove: () => Promise<void> }> {
  const server = createServer((socket) => socket.end());
  t.after(() => server.close());
  const remove = await listenUnix(path, (temporary) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject).listen(temporary, resolve);
    return promise;
  });
  return { server, remove };
}

/** A socket whose process has gone. */
async function leaveStale(path: string): Promise<void> {
  const server = createServer().listen(`${path}.first`);
  await once(server, 'listening');
  await link(`${path}.first`, path);
  server.close();
  await once(server, 'close');
}

const inUse = (error: unknown) =>
  CoilError.is(error, 'invalid-argument') && /another process serves/.test(error.message);

test('a socket is for its owner alone, and nothing else is left in its folder', async (t) => {
  const path = join(await folder(t), 'coild.sock');
  const { remove } = await serve(t, path);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(join(path, '..')), ['coild.sock']);
  await remove();
  await remove();
  assert.deepEqual(await readdir(join(path, '..')), []);
});

test('a live socket is an error, and stays', async (t) => {
  const path = join(await folder(t), 'coild.sock');
  await serve(t, path);
  const before = (await stat(path)).ino;
  await assert.rejects(serve(t, path), inUse);
  assert.equal((await stat(path)).ino, before);
  assert.deepEqual(await readdir(join(path, '..')), ['coild.sock']);
});

test('a stale socket is replaced', async (t) => {
  const path = join(await folder(t), 'coild.sock');
  await leaveStale(path);
  const { server, remove } = await serve(t, path);
  assert.ok(server.listening && (await stat(path)).isSocket());
  await remove();
});

test('a file that is no socket is an error, and stays', async (t) => {
  const path = join(await folder(t), 'coild.sock');
  await writeFile(path, 'kept');
  await assert.rejects(serve(t, path), {
    code: 'invalid-argument',
    message: `${path} is there already, and is not a socket`,
  });
  assert.equal(await readFile(path, 'utf8'), 'kept');
  assert.deepEqual(await readdir(join(path, '..')), ['coild.sock']);
});

test('of many who find a stale socket at once, one takes its place', async (t) => {
  const path = join(await folder(t), 'coild.sock');
  await leaveStale(path);
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => serve(t, path)));
  const rejected = results.filter((result) => result.status === 'rejected');
  assert.equal(rejected.length, 7);
  for (const { reason } of rejected) assert.ok(inUse(reason), String(reason));
  assert.deepEqual(await readdir(join(path, '..')), ['coild.sock']);
  assert.ok((await stat(path)).isSocket());
});

test('what another process put there meanwhile is not taken away', async (t) => {
  const path = join(await folder(t), 'coild.sock');
  const { remove } = await serve(t, path);
  await rm(path);
  await serve(t, path);
  await remove();
  assert.ok((await stat(path)).isSocket());
});
