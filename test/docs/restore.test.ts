import assert from 'node:assert/strict';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { AddressPool } from '../../src/model/address-pool.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import { SqliteIpamStore } from '../../src/store/sqlite/sqlite-ipam-store.ts';
import { kubectlMissing } from '../deploy/requirements.ts';
import { built } from '../e2e/built.ts';
import { ADMIN_TOKEN, ApiServer } from '../kube/api-server.ts';
import { ControllerScene } from '../kube/controller-scene.ts';
import { kubeMissing } from '../kube/kube-binary.ts';
import { exampleShell } from './example-shell.ts';
import { readPage } from './pages.ts';

const skip = kubeMissing() || kubectlMissing();

test('the script of operations.md prints the Pods that a restored backup knows nothing of', { skip }, async () => {
  await using server = await ApiServer.start();
  await using scene = await ControllerScene.create(server);
  const { namespace } = scene;
  await scene.addPod({ name: 'recorded', addresses: ['10.20.0.1', 'fd20::1'] });
  await scene.addPod({ name: 'unknown', addresses: ['10.20.0.2'] });
  await scene.addPod({ name: 'borrower', addresses: ['10.20.0.3'] });
  await scene.addPod({ name: 'host', addresses: ['10.20.0.4'], hostNetwork: true });
  await scene.addPod({ name: 'finished', addresses: ['10.20.0.5'], phase: 'Succeeded' });
  await scene.addPod({ name: 'starting', addresses: [] });
  await using run = await exampleShell(await built(), async (home) => {
    await recordAddresses(join(home, 'coil.db'), namespace);
    await writeFile(join(home, '.coilctl.yml'), 'store: sqlite:coil.db\n');
    await mkdir(join(home, '.kube'));
    await copyFile(await server.kubeconfig({ token: ADMIN_TOKEN }), join(home, '.kube/config'));
  });
  const [, script] = /^ {3}```sh\n(.*?)^ {3}```$/ms.exec(await readPage('operations'))!;
  const pools = 'default:\n    Subnets: 10.20.0.0/28\n    Size: 4\n';
  assert.equal(await run(script!), `${pools}${namespace}/borrower 10.20.0.3\n${namespace}/unknown 10.20.0.2\n`);
});

/** 10.20.0.1 and 10.20.0.3 are assigned to Pods. */
async function recordAddresses(path: string, namespace: string): Promise<void> {
  const signal = AbortSignal.timeout(10_000);
  await using store = await SqliteIpamStore.open({ path }, signal);
  await store.createPool('default', new AddressPool([IpPrefix.parse('10.20.0.0/28')], 4), signal);
  const { block } = await store.acquireBlock({ node: 'node1', pool: 'default', family: 4 }, signal);
  for (const [offset, pod] of [
    [1, 'recorded'],
    [3, 'gone'],
  ] as const) {
    const assignment = { containerId: pod, namespace, pod, createdAt: '2026-11-22T12:38:59Z', ifname: 'eth0' };
    await store.allocate({ node: 'node1', slots: [{ block, offset }], assignment }, signal);
  }
}
