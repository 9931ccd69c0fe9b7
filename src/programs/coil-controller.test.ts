import assert from 'node:assert/strict';
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
