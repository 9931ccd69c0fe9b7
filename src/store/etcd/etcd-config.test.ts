import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CoilError } from '../../model/error.ts';
import { parseEndpoints, readTlsCredentials } from './etcd-config.ts';

for (const [text, url, tls] of [
  ['http://127.0.0.1:2379', 'http://127.0.0.1:2379', false],
  ['https://etcd.example:2379/', 'https://etcd.example:2379', true],
  ['etcd.example:2379', 'http://etcd.example:2379', false],
  ['etcd.example', 'http://etcd.example:2379', false],
  ['https://etcd.example', 'https://etcd.example:2379', true],
  ['https://etcd.example:443', 'https://etcd.example:443', true],
  ['http://etcd.example:80/', 'http://etcd.example:80', false],
  ['http://[2001:db8::1]:2379', 'http://[2001:db8::1]:2379', false],
  ['http://[2001:db8::1]', 'http://[2001:db8::1]:2379', false],
] as const) {
  test(`endpoint ${text}`, () => assert.deepEqual(parseEndpoints({ endpoints: [text] }), [{ url, tls }]));
}

test('an endpoint without a scheme is reached over TLS where that is configured, as v1 does', () => {
  const endpoints = ['a:1', 'http://b:1'];
  const urls = [
    { url: 'https://a:1', tls: true },
    { url: 'http://b:1', tls: false },
  ];
  for (const tls of [{ tlsCa: 'ca.pem' }, { tlsCert: 'cert.pem' }])
    assert.deepEqual(parseEndpoints({ endpoints, ...tls }), urls);
});

for (const text of ['', 'ftp://x:1', 'http://', 'http://x:99999', 'http://x:1/path', '@name']) {
  test(`${JSON.stringify(text)} is no endpoint`, () => {
    assert.throws(
      () => parseEndpoints({ endpoints: [text] }),
      (error) => CoilError.is(error, 'invalid-argument') && error.message.startsWith('etcd-endpoints'),
    );
  });
}

test('there must be an endpoint', () => {
  assert.throws(
    () => parseEndpoints({ endpoints: [] }),
    (error) => CoilError.is(error, 'invalid-argument') && /etcd-endpoints/.test(error.message),
  );
});

const PEM = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';

test('certificates are given as files or as their contents', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coil-pem-'));
  try {
    const file = join(folder, 'ca.pem');
    await writeFile(file, PEM);
    const config = { endpoints: [], tlsCa: file, tlsCert: PEM, tlsKey: PEM };
    const { ca, cert, key } = readTlsCredentials(config);
    assert.deepEqual([ca, cert, key].map(String), [PEM, PEM, PEM]);
    await writeFile(file, 'something else');
    refused({ tlsCa: file }, 'etcd-tls-ca', file);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a file that cannot be read is named, with its flag', () => {
  refused({ tlsCa: '/nonexistent/ca.pem' }, 'etcd-tls-ca', '/nonexistent/ca.pem');
  refused({ tlsCert: PEM, tlsKey: '/nonexistent/key' }, 'etcd-tls-key', '/nonexistent/key');
  refused({ tlsCert: PEM }, 'etcd-tls-key', 'missing');
});

function refused(config: object, ...words: readonly string[]): void {
  assert.throws(
    () => readTlsCredentials({ endpoints: [], ...config }),
    (error) => CoilError.is(error, 'invalid-argument') && words.every((word) => error.message.includes(word)),
  );
}
