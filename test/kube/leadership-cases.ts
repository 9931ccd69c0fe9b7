import assert from 'node:assert/strict';
import { test } from 'node:test';
import { built } from '../e2e/built.ts';
import { eventually } from '../e2e/eventually.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import type { ApiServer } from './api-server.ts';
import { ControllerScene } from './controller-scene.ts';

const LEADS = 'this process leads';
const RELEASED = 'released the blocks and addresses of a node that is gone';
const LEASE_MS = 15_000;
/** A Lease is looked at every 2 s; and processes take a while to start. */
const FAILOVER_MS = LEASE_MS + 15_000;

export function leadershipCases(server: () => ApiServer): void {
  test('of two controllers one acts; when it is killed, the other does', async () => {
    await using scene = await ControllerScene.create(server());
    await scene.addNode('node1');
    await scene.acquireBlock('node1');
    const first = await scene.start();
    await first.process.logged({ message: LEADS });
    const second = await scene.start();
    await eventually('the second is ready', async () => (await fetch(`${second.health}/readyz`)).ok);
    assert.ok(!second.process.output.includes(LEADS));
    await first.process.kill();
    await scene.deleteNode('node1');
    await second.process.logged({ message: LEADS }, FAILOVER_MS);
    await second.process.logged({ message: RELEASED, node: scene.node('node1') });
  });

  test('a controller that is stopped lets another lead at once', async () => {
    await using scene = await ControllerScene.create(server());
    const first = await scene.start();
    await first.process.logged({ message: LEADS });
    const second = await scene.start();
    await eventually('the second is ready', async () => (await fetch(`${second.health}/readyz`)).ok);
    assert.equal(await first.process.stop(), 0);
    const stoppedAt = performance.now();
    await second.process.logged({ message: LEADS });
    assert.ok(performance.now() - stoppedAt < LEASE_MS / 2, 'long before the Lease would have run out');
  });

  test('the executable that administrators get does it too', async () => {
    const { hypercoil } = await built();
    await using scene = await ControllerScene.create(server());
    await scene.acquireBlock('node1');
    const { process } = await scene.start({ program: [hypercoil, 'coil-controller'] });
    await process.logged({ message: RELEASED, node: scene.node('node1') });
    assert.equal(await process.stop(), 0);
  });

  test('in a Pod, the service account lets it in', { skip: needsRoot }, async () => {
    await using scene = await ControllerScene.create(server());
    await scene.acquireBlock('node1');
    const { process } = await scene.start({ as: 'pod' });
    await process.logged({ message: RELEASED, node: scene.node('node1') });
  });

  test('while Kubernetes does not tell where etcd is, it waits, and is alive', async () => {
    await using scene = await ControllerScene.create(server());
    const { process, health } = await scene.start({ flags: ['--etcd-endpoints=@absent'] });
    const { error } = await process.logged({ message: 'Kubernetes does not tell where etcd is; asking again' });
    assert.match(String(error), /endpoints @absent stand for: .*403: .*forbidden/);
    assert.equal((await fetch(`${health}/healthz`)).status, 200);
    const ready = await fetch(`${health}/readyz`);
    assert.equal(ready.status, 503);
    assert.match(await ready.text(), /Kubernetes has not told yet where etcd is/);
    assert.equal(await process.stop(), 0);
  });

  test('health is served, and tells what is wrong', async () => {
    await using scene = await ControllerScene.create(server());
    const { process, health } = await scene.start({ flags: ['--namespace=absent'] });
    await process.logged({ message: 'cannot ask Kubernetes who leads; trying again' });
    const ready = await fetch(`${health}/readyz`);
    assert.equal(ready.status, 503);
    assert.match(
      ((await ready.json()) as { error: string }).error,
      /leases\/coil-controller was answered with 403: .*forbidden/,
    );
    assert.deepEqual(await (await fetch(`${health}/healthz`)).json(), { status: 200 });
    assert.equal((await fetch(`${health}/`)).status, 404);
    assert.equal((await fetch(`${health}/healthz`, { method: 'POST' })).status, 405);
  });
}
