import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectKube } from '../../src/kube/connect-kube.ts';
import { KubeNodeSource } from '../../src/kube/kube-node-source.ts';
import { eventually } from '../e2e/eventually.ts';
import { TcpProxy } from '../etcd/tcp-proxy.ts';
import type { ApiServer } from './api-server.ts';
import { ControllerScene } from './controller-scene.ts';
import { NodeFollower } from './node-follower.ts';

const GONE = 'a node that owns blocks is not in Kubernetes; it loses them after the grace';
const RELEASED = 'released the blocks and addresses of a node that is gone';
const UNREADABLE = 'cannot read who owns blocks; trying again';
const BACK = 'a node came back; it keeps its blocks';
const FORGOTTEN = 'the API server does not remember what came after the last news of Nodes; listing them anew';

export function nodeCases(server: () => ApiServer): void {
  test('a node that was gone before the start loses its blocks and addresses; others keep theirs', async () => {
    await using scene = await ControllerScene.create(server());
    await scene.addNode('node1');
    await scene.acquireBlock('node1');
    const lost = await scene.acquireBlock('node2');
    await scene.acquireBlock('node2', 6);
    const record = await scene.assign('node2', String(lost.block.nth(1)), 'pod');
    const { process } = await scene.start();
    const line = await process.logged({ message: RELEASED, node: scene.node('node2') });
    assert.deepEqual(line.blocks, ['10.20.0.16/28', 'fd20::/124']);
    assert.deepEqual(await scene.blocksOf('node2'), []);
    assert.deepEqual(await scene.store.listAddresses(record.block, AbortSignal.timeout(5_000)), []);
    assert.deepEqual(await scene.blocksOf('node1'), ['10.20.0.0/28']);
    assert.equal(await process.stop(), 0);
  });

  test('a node that is deleted loses its blocks', async () => {
    await using scene = await ControllerScene.create(server());
    await scene.addNode('node1');
    await scene.acquireBlock('node1');
    const { process } = await scene.start();
    await process.logged({ message: 'listed the Nodes' });
    await scene.deleteNode('node1');
    await process.logged({ message: RELEASED, node: scene.node('node1') });
    assert.deepEqual(await scene.blocksOf('node1'), []);
  });

  test('etcd comes up after the controller, which tells of every attempt and goes on', async () => {
    await using scene = await ControllerScene.create(server());
    await scene.acquireBlock('node1');
    await using proxy = await TcpProxy.to(server().etcd);
    await proxy.refuse();
    const { process, health } = await scene.start({ flags: [`--etcd-endpoints=${proxy.url}`] });
    const attempts = () => process.log.filter(({ message }) => message === UNREADABLE);
    await eventually('attempts are logged', async () => attempts().length >= 2, 30_000);
    assert.match(JSON.stringify(attempts()[0]), new RegExp(`etcd at ${proxy.url}: .*ECONNREFUSED`));
    assert.equal((await fetch(`${health}/readyz`)).status, 503);
    await proxy.accept();
    await process.logged({ message: RELEASED, node: scene.node('node1') });
    assert.equal(await process.stop(), 0);
  });

  test('a node that comes back within the grace keeps its blocks', async () => {
    await using scene = await ControllerScene.create(server());
    for (const name of ['node1', 'node2']) {
      await scene.addNode(name);
      await scene.acquireBlock(name);
    }
    const { process } = await scene.start({ flags: ['--node-grace=3s'] });
    await process.logged({ message: 'listed the Nodes' });
    await scene.deleteNode('node1');
    await process.logged({ message: GONE, node: scene.node('node1') });
    await scene.addNode('node1');
    await process.logged({ message: BACK, node: scene.node('node1') });
    // node2's grace begins later, so it ends later than that of node1 would have
    await scene.deleteNode('node2');
    await process.logged({ message: RELEASED, node: scene.node('node2') });
    assert.deepEqual(await scene.blocksOf('node1'), ['10.20.0.0/28']);
    assert.deepEqual(await scene.blocksOf('node2'), []);
  });

  test('a node that is deleted while the API server cannot be reached loses its blocks afterwards', async () => {
    await using scene = await ControllerScene.create(server());
    await using proxy = await TcpProxy.to({ host: '127.0.0.1', port: server().port });
    await scene.addNode('node1');
    await scene.acquireBlock('node1');
    const { process, health } = await scene.start({ port: proxy.port });
    await process.logged({ message: 'listed the Nodes' });
    await proxy.refuse();
    await process.logged({ message: 'cannot follow the Nodes of Kubernetes; trying again' });
    await scene.deleteNode('node1');
    await eventually('not ready', async () => (await fetch(`${health}/readyz`)).status === 503);
    assert.equal((await fetch(`${health}/healthz`)).status, 200);
    await proxy.accept();
    await process.logged({ message: RELEASED, node: scene.node('node1') });
    await eventually('ready again', async () => (await fetch(`${health}/readyz`)).ok);
  });

  // the source alone: a controller that leads stops to where the API server takes long to start
  test('what an API server forgot when it was started anew is listed anew', async () => {
    await using scene = await ControllerScene.create(server());
    await using proxy = await TcpProxy.to({ host: '127.0.0.1', port: server().port });
    await scene.addNode('node1');
    using client = await connectKube({ kubeconfig: await server().kubeconfig({ port: proxy.port }), env: {} });
    await using follower = new NodeFollower();
    const { logger, news } = follower;
    follower.start(new KubeNodeSource({}, { client, logger, clock: () => performance.now() }));
    const lists = () => news.filter((one) => one.kind === 'all').map(({ names }) => names.has(scene.node('node1')));
    await eventually('the Nodes are known', async () => lists().length > 0);
    await proxy.refuse();
    await scene.deleteNode('node1');
    await server().crash();
    await server().resume();
    await proxy.accept();
    await eventually('they are listed anew', async () => lists().length > 1, 30_000);
    assert.deepEqual(lists(), [true, false]);
    assert.ok(logger.messages.includes(FORGOTTEN));
  });
}
