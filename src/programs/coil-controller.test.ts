import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runMain } from '../../test/run-main.ts';
import { main } from './coil-controller.ts';

test('--help tells of the flags, with their environment', async () => {
  const { status, stdout } = await runMain(main, ['--help']);
  assert.equal(status, 0);
  for (const flag of [
    '--scan-interval',
    '--address-expiration',
    '--node-grace',
    '--health',
    '--etcd-endpoints',
    '--loglevel',
  ])
    assert.ok(stdout.includes(flag), flag);
  assert.match(stdout, /KUBECONFIG/);
  assert.match(stdout, /POD_NAMESPACE/);
});

for (const [flag, told] of [
  ['--health=9384', /--health "9384" is not HOST:PORT/],
  ['--node-grace=-1s', /--node-grace takes a duration/],
  ['--scan-interval=soon', /--scan-interval takes a duration/],
  ['--etcd-endpoints=ftp://x', /etcd-endpoints/],
] as const) {
  test(`${flag} is refused`, async () => {
    const { status, stderr } = await runMain(main, [flag]);
    assert.equal(status, 2);
    assert.match(stderr, told);
  });
}

test('outside of a Pod it has to be told where Kubernetes is', async () => {
  const { status, stderr } = await runMain(main, ['--health=']);
  assert.equal(status, 1);
  assert.match(stderr, /--kubeconfig is needed outside of a Pod/);
});

test('told to stop while another has its port, it ends as ever', async () => {
  await using other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  await using folder = await mkdtempDisposable(join(tmpdir(), 'coil-test-'));
  const kubeconfig = join(folder.path, 'kubeconfig');
  await writeFile(kubeconfig, KUBECONFIG);
  const flags = [`--kubeconfig=${kubeconfig}`, `--health=127.0.0.1:${(other.address() as AddressInfo).port}`];
  const { status, stderr } = await runMain(main, flags, { signal: AbortSignal.timeout(300) });
  assert.equal(status, 0, stderr);
});

const KUBECONFIG = `
current-context: here
contexts: [{ name: here, context: { cluster: here } }]
clusters: [{ name: here, cluster: { server: http://127.0.0.1:1 } }]
`;
