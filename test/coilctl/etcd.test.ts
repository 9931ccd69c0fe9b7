import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, test } from 'node:test';
import { main } from '../../src/programs/coilctl.ts';
import { EtcdFixture } from '../etcd/etcd-fixture.ts';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { FakeGrpcServer, succeed } from '../etcd/fake-grpc-server.ts';
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

test('a pool of addresses that no Pod can have, which v1 took, is read and grows', async () => {
  await using fixture = await empty();
  await fixture.keys.put('pool/links').value('{"subnets":["169.254.8.0/30"],"block_size":1}');
  await fixture.keys.put('subnet/169.254.8.0').value('');
  await fixture.keys
    .put('block/links/169.254.8.0')
    .value('{"free":["169.254.8.2/31"],"nodes":{"node1":["169.254.8.0/31"]}}');
  await fixture.keys
    .put('ip/169.254.8.0/1')
    .value('{"container_id":"c","namespace":"links","pod":"p","created_at":"2019-08-25T00:00:00Z"}');
  const coilctl = async (line: string) => {
    const { status, stdout, stderr } = await runMain(main, [...line.split(' '), ...fixture.flags]);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, line);
    return stdout;
  };
  assert.equal(await coilctl('pool add-subnet links 10.1.0.0/30'), '');
  assert.equal(await coilctl('pool list'), 'links:\n    Subnets: 169.254.8.0/30, 10.1.0.0/30\n    Size: 1\n');
  assert.equal(await coilctl('pool show links 169.254.8.0/30'), 'free blocks: 1 out of 2\n');
  assert.equal(await coilctl('node blocks node1'), 'pool: links\n    169.254.8.0/31\n');
  assert.match(await coilctl('address info 169.254.8.1'), /"pod": "p"/);
});

for (const [line, says] of [
  ['pool list', /--etcd-endpoints, and that it runs\)"\n$/],
  ['pool show x 10.1.0.0/16', /--etcd-endpoints, and that it runs\)"\n$/],
  ['node blocks node1', /--etcd-endpoints, and that it runs\)"\n$/],
  ['address info 10.1.0.1', /--etcd-endpoints, and that it runs\)"\n$/],
  // it looks the address up first
  ['address free 10.1.0.1 --yes', /--etcd-endpoints, and that it runs\)"\n$/],
  // nothing was sent
  ['pool create x 10.1.0.0/16 5', /ECONNREFUSED.*; nothing was changed\)"\n$/],
  ['pool add-subnet x 10.1.0.0/16', /ECONNREFUSED.*; nothing was changed\)"\n$/],
] as const) {
  test(`${line}: what is not known where etcd does not answer`, async () => {
    const { status, stderr } = await runMain(main, [...line.split(' '), '--etcd-endpoints=http://127.0.0.1:1']);
    assert.equal(status, 1);
    assert.match(stderr, says);
  });
}

/** A TxnResponse: revision 1, succeeded, one range without a key. */
const NOTHING_FOUND = Buffer.from('0a021801' + '1001' + '1a020a00', 'hex');

for (const [answers, says] of [
  [0, /; nothing was changed\)"\n$/],
  [1, /; a change may have been made, or not\)"\n$/],
] as const) {
  test(`where etcd is lost after ${answers} answers, it is said what is known`, async () => {
    await using etcd = await FakeGrpcServer.start();
    etcd.answer = (...call) => {
      if (etcd.calls.length <= answers) succeed(NOTHING_FOUND)(...call);
      else for (const session of etcd.sessions) session.destroy();
    };
    const { status, stderr } = await runMain(main, [
      'pool',
      'create',
      'x',
      '10.1.0.0/16',
      '5',
      '--etcd-endpoints',
      etcd.url,
    ]);
    assert.equal(status, 1);
    assert.match(stderr, says);
    assert.ok(etcd.calls.length > answers);
  });
}

test('says which servers do not answer: nobody listens', async () => {
  const endpoints = 'http://127.0.0.1:1,http://127.0.0.1:2';
  const { status, stderr } = await runMain(main, ['pool', 'list', '--etcd-endpoints', endpoints]);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /datastore unavailable: .*127\.0\.0\.1:1, http:\/\/127\.0\.0\.1:2.*ECONNREFUSED.*--etcd-endpoints/,
  );
});

test('tries a server for as long as --etcd-timeout says, and then the next one', { timeout: 30_000 }, async () => {
  const sockets = new Set<{ destroy(): void }>();
  await using mute = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  try {
    await using fixture = await empty();
    const { port } = mute.address() as { port: number };
    const endpoints = `--etcd-endpoints=http://127.0.0.1:${port},${server.url}`;
    const startedAt = performance.now();
    const flags = [...fixture.flags, endpoints, '--etcd-timeout=5100ms'];
    assert.deepEqual(await runMain(main, ['pool', 'list', ...flags]), { status: 0, stdout: '', stderr: '' });
    assert.ok(performance.now() - startedAt > 5000);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
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
