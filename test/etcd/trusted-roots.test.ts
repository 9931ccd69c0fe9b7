import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CertificateAuthority } from './certificate-authority.ts';
import { EtcdServer } from './etcd-server.ts';

const HYPERCOIL = fileURLToPath(new URL('../../src/programs/hypercoil.ts', import.meta.url));

test('without --etcd-tls-ca, the roots that the host trusts count, as in v1', { timeout: 60_000 }, async () => {
  await using authority = await CertificateAuthority.create();
  const { cert, key } = await authority.issue('server');
  await using server = await EtcdServer.startTls(`--cert-file=${cert}`, `--key-file=${key}`);
  // for the process the host's store is what SSL_CERT_FILE says (openssl-env(7))
  const poolList = (env: Readonly<Record<string, string>>) =>
    promisify(execFile)(
      process.execPath,
      [HYPERCOIL, 'coilctl', 'pool', 'list', `--etcd-endpoints=${server.url}`, '--etcd-timeout=1s'],
      { env, timeout: 20_000 },
    );
  assert.deepEqual(await poolList({ SSL_CERT_FILE: authority.cert }), { stdout: '', stderr: '' });
  await assert.rejects(poolList({}), { stderr: /unable to (verify|get)|self-signed/ });
});
