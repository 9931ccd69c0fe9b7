import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Etcd3 } from 'etcd3';
import { CoilError } from '../../src/model/error.ts';
import { EtcdIpamStore } from '../../src/store/etcd/etcd-ipam-store.ts';
import { blockFor, fails, poolOf, soon } from '../contract/store-fixture.ts';
import { EtcdServer } from './etcd-server.ts';

const run = promisify(execFile);

/** A key, and a certificate of these names that it signed itself. */
async function certificate(
  folder: string,
  name: string,
  names = 'IP:127.0.0.1',
): Promise<{ cert: string; key: string }> {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}-key.pem`)];
  const flags = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`];
  await run('openssl', ['req', '-x509', ...flags, ...subject, '-keyout', key, '-out', cert]);
  return { cert, key };
}

/** A certificate for the same key and names, that was valid until yesterday. */
async function expire({ cert, key }: { cert: string; key: string }): Promise<string> {
  const [request, expired] = [`${cert}.csr`, `${cert}.expired.pem`];
  await run('openssl', [
    'x509',
    '-x509toreq',
    '-in',
    cert,
    '-signkey',
    key,
    '-copy_extensions',
    'copyall',
    '-out',
    request,
  ]);
  const signed = ['-signkey', key, '-copy_extensions', 'copyall', '-days', '-1'];
  await run('openssl', ['x509', '-req', '-in', request, ...signed, '-out', expired]);
  return expired;
}

test('etcd is reached over TLS, with a certificate of the client', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coil-tls-'));
  try {
    const [ofServer, ofClient] = [await certificate(folder, 'server'), await certificate(folder, 'client')];
    await using server = await EtcdServer.startTls(
      `--cert-file=${ofServer.cert}`,
      `--key-file=${ofServer.key}`,
      '--client-cert-auth',
      `--trusted-ca-file=${ofClient.cert}`,
    );
    const config = { endpoints: [server.url], tlsCa: ofServer.cert, requestTimeoutMs: 2000 };
    await using store = new EtcdIpamStore({ ...config, tlsCert: ofClient.cert, tlsKey: ofClient.key });
    await store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
    await using stranger = new EtcdIpamStore(config);
    await fails(
      stranger.listPools(soon()),
      'store-unavailable',
      /^etcd at https:.*TLS: the server refused us.*certificate/,
    );
    await using mistrusting = new EtcdIpamStore({ ...config, tlsCa: ofClient.cert });
    await fails(mistrusting.listPools(soon()), 'store-unavailable', /self-signed|certificate/);
    const another = await certificate(folder, 'another', 'DNS:etcd,IP:127.0.0.2');
    await using elsewhere = await EtcdServer.startTls(`--cert-file=${another.cert}`, `--key-file=${another.key}`);
    await using misled = new EtcdIpamStore({ endpoints: [elsewhere.url], tlsCa: another.cert });
    await fails(misled.listPools(soon()), 'store-unavailable', /127\.0\.0\.1 is not in the cert/);
    const byName = elsewhere.url.replace('127.0.0.1', 'localhost');
    await using wrongName = new EtcdIpamStore({ endpoints: [byName], tlsCa: another.cert });
    await fails(wrongName.listPools(soon()), 'store-unavailable', /localhost/);
    await using plain = new EtcdIpamStore({ ...config, endpoints: [server.url.replace('https', 'http')] });
    await fails(
      plain.listPools(soon()),
      'store-unavailable',
      /does not speak HTTP\/2|closed the connection|ECONNRESET/,
    );
    await using unencrypted = await EtcdServer.start();
    await using encrypted = new EtcdIpamStore({ endpoints: [unencrypted.url.replace('http', 'https')] });
    await fails(
      encrypted.listPools(soon()),
      'store-unavailable',
      /TLS: the server ended the connection within the handshake; does it take TLS at this port\?|TLS: wrong version number/,
    );
    const expired = await expire(ofServer);
    await using old = await EtcdServer.startTls(`--cert-file=${expired}`, `--key-file=${ofServer.key}`);
    await using late = new EtcdIpamStore({ endpoints: [old.url], tlsCa: expired });
    await fails(late.listPools(soon()), 'store-unavailable', /certificate has expired/);
    const mixed = { ...config, tlsCert: ofClient.cert, tlsKey: ofServer.key };
    assert.throws(
      () => new EtcdIpamStore(mixed),
      (error) => CoilError.is(error, 'invalid-argument') && /etcd-tls-key: .*key values mismatch/.test(error.message),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a user logs in, and again when users were changed', { timeout: 60_000 }, async () => {
  await using server = await EtcdServer.start();
  const user = { username: 'root', password: 'secret' };
  const admin = new Etcd3({ hosts: server.url });
  await admin.role('root').create();
  await admin.user('root').create('secret');
  await admin.user('root').addRole('root');
  await admin.auth.authEnable();
  admin.close();
  await using store = new EtcdIpamStore({ endpoints: [server.url], ...user });
  await Promise.all(Array.from({ length: 10 }, () => store.listPools(soon())));
  assert.equal(store.requests, 11, 'one login for all');
  await store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
  const changing = new Etcd3({ hosts: server.url, auth: user });
  await changing.user('other').create('x');
  changing.close();
  await blockFor(store, 'node1', 'default');
  for await (const event of store.watchNode('node1', soon())) {
    assert.equal(event.kind, 'snapshot');
    break;
  }
  await using wrong = new EtcdIpamStore({ endpoints: [server.url], username: 'root', password: 'wrong' });
  await fails(wrong.listPools(soon()), 'store-unavailable', /authentication failed/);
  await using nobody = new EtcdIpamStore({ endpoints: [server.url] });
  await fails(nobody.listPools(soon()), 'store-unavailable', /user name is empty/);
});

test('a process that has closed its store ends', { timeout: 60_000 }, async () => {
  await using server = await EtcdServer.start();
  const module = new URL('../../src/store/etcd/etcd-ipam-store.ts', import.meta.url).href;
  const script = `
    const { EtcdIpamStore } = await import(${JSON.stringify(module)});
    await using store = new EtcdIpamStore({ endpoints: [${JSON.stringify(server.url)}] });
    const signal = AbortSignal.timeout(5000);
    await store.listPools(signal);
    const left = store.watchNode('node1', signal)[Symbol.asyncIterator]();
    await left.next();
    left.next().catch((error) => console.log(error.code));
    for await (const event of store.watchNode('node2', signal)) break;
  `;
  const start = performance.now();
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { timeout: 30_000 });
  assert.equal(stdout.trim(), 'store-unavailable');
  const ms = performance.now() - start;
  assert.ok(ms < 4500, `${ms} ms: less than the signal that would end it anyway`);
});
