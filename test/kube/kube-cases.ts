import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectKube } from '../../src/kube/connect-kube.ts';
import { KubeLeaseStore } from '../../src/kube/kube-lease-store.ts';
import { KubeNodeSource } from '../../src/kube/kube-node-source.ts';
import { readEndpoints } from '../../src/kube/resolve-endpoints.ts';
import { eventually } from '../e2e/eventually.ts';
import { TcpProxy } from '../etcd/tcp-proxy.ts';
import type { ApiServer } from './api-server.ts';
import { ControllerScene } from './controller-scene.ts';
import { NodeFollower } from './node-follower.ts';

const CLOSED = 'the API server ended the watch of Nodes; going on';
const SILENT = 'the watch of Nodes was silent for too long; opening it anew';
const until = () => AbortSignal.timeout(10_000);

export function kubeCases(server: () => ApiServer): void {
  test('a watch that the API server closes again and again misses nothing', async () => {
    await using scene = await ControllerScene.create(server());
    using client = await connectKube({ kubeconfig: await server().kubeconfig(), env: {} });
    await using follower = new NodeFollower();
    const { logger } = follower;
    const options = { watchSeconds: 1 };
    follower.start(new KubeNodeSource(options, { client, logger, clock: () => performance.now() }));
    const closed = () => logger.messages.filter((message) => message === CLOSED).length;
    for (const times of [1, 2, 3]) {
      await eventually('the watch was closed', async () => closed() >= times);
      await scene.addNode(`node${times}`);
      await eventually('a Node is known', async () => follower.has('added', scene.node(`node${times}`)));
    }
    await scene.deleteNode('node1');
    await eventually('a deletion is known', async () => follower.has('deleted', scene.node('node1')));
    assert.equal(follower.news.filter(({ kind }) => kind === 'all').length, 1);
  });

  test('a link that lets nothing through any more is noticed', async () => {
    await using scene = await ControllerScene.create(server());
    await using proxy = await TcpProxy.to({ host: '127.0.0.1', port: server().port });
    using client = await connectKube({ kubeconfig: await server().kubeconfig({ port: proxy.port }), env: {} });
    await using follower = new NodeFollower();
    const { logger } = follower;
    const options = { watchSeconds: 1, silenceMs: 1_000 };
    follower.start(new KubeNodeSource(options, { client, logger, clock: () => performance.now() }));
    await eventually('the Nodes are known', async () => follower.news.length > 0);
    proxy.silence();
    await scene.addNode('node1');
    await eventually('the silence is noticed', async () => logger.messages.includes(SILENT));
    proxy.silence({ requests: false, answers: false });
    proxy.cut();
    await eventually('the Node is known', async () => follower.has('added', scene.node('node1')));
  });

  test('one of two that change a Lease at the same time does', async () => {
    await using scene = await ControllerScene.create(server());
    using client = await connectKube({ kubeconfig: await server().kubeconfig(), env: {} });
    const leases = new KubeLeaseStore({ namespace: scene.namespace, name: 'coil-controller' }, { client });
    assert.equal(await leases.read(until()), undefined);
    const time = new Date('2026-01-01T00:00:00.123Z');
    const claim = { durationSeconds: 15, acquiredAt: time, renewedAt: time, transitions: 0 };
    const create = async (holder: string) => await leases.create({ ...claim, holder }, until());
    const created = [await create('one'), await create('two')];
    assert.deepEqual(created, [true, false]);
    const { version, ...lease } = (await leases.read(until()))!;
    assert.deepEqual(lease, { ...claim, holder: 'one' });
    const replace = async (holder: string) => await leases.replace(version, { ...claim, holder }, until());
    const replaced = [await replace('three'), await replace('four')];
    assert.deepEqual(replaced, [true, false]);
    assert.equal((await leases.read(until()))?.holder, 'three');
  });

  test('Endpoints are resolved', async () => {
    const path = '/api/v1/namespaces/kube-system/endpoints';
    const subsets = [{ addresses: [{ ip: '192.0.2.1' }, { ip: '192.0.2.2' }], ports: [{ port: 2379 }] }];
    const body = { metadata: { name: 'coil-etcd' }, subsets };
    await server().admin.ask({ method: 'POST', path, body }, until());
    const resolved = await readEndpoints(server().admin, 'coil-etcd', until());
    assert.deepEqual(resolved, ['192.0.2.1:2379', '192.0.2.2:2379']);
    await assert.rejects(readEndpoints(server().admin, 'absent', until()), { code: 'store-unavailable' });
  });
}
