import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, test } from 'node:test';
import { main } from '../../src/programs/coilctl.ts';
import { EtcdFixture } from '../etcd/etcd-fixture.ts';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { runMain } from '../run-main.ts';
import { coilctlContract } from './coilctl-contract.ts';
import type { CoilctlFixture } from './coilctl-setup.ts';
import { v1Keys } from './v1-state.ts';

const V1_PREFIX = '/coil/';

const server = await EtcdServer.start();
after(() => server[Symbol.asyncDispose]());

async function empty(): Promise<CoilctlFixture & { readonly keys: EtcdFixture['keys'] }> {
  const fixture = new EtcdFixture(server);
  return {
    keys: fixture.keys,
    flags: ['--etcd-endpoints', fixture.url, '--etcd-prefix', fixture.prefix],
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
}

/** What v1 wrote, byte by byte. */
async function v1(): Promise<CoilctlFixture> {
  const fixture = await empty();
  for (const { key, value } of v1Keys()) await fixture.keys.put(key.slice(V1_PREFIX.length)).value(value);
  return fixture;
}

coilctlContract({ v1, empty });

test('says which servers do not answer: nobody listens', async () => {
  const endpoints = 'http://127.0.0.1:1,http://127.0.0.1:2';
  const { status, stderr } = await runMain(main, ['pool', 'list', '--etcd-endpoints', endpoints]);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /datastore unavailable: .*127\.0\.0\.1:1, http:\/\/127\.0\.0\.1:2.*ECONNREFUSED.*--etcd-endpoints/,
  );
});

test('says which servers do not answer: one accepts, and stays silent', { timeout: 30_000 }, async () => {
  const sockets = new Set<{ destroy(): void }>();
  await using mute = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  try {
    const { port } = mute.address() as { port: number };
    const { status, stderr } = await runMain(main, [
      'pool',
      'list',
      `--etcd-endpoints=http://127.0.0.1:${port}`,
      '--etcd-timeout=100ms',
    ]);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`datastore unavailable: .*127\\.0\\.0\\.1:${port}`));
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});
