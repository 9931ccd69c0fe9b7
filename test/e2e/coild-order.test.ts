import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { asProcess } from '../contract/cni-client.ts';
import { EtcdFixture } from '../etcd/etcd-fixture.ts';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import type { Datastore } from './datastores.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { type BlockEvent, isInOrder, OrderMonitor } from './order-monitor.ts';
import { Scene } from './scene.ts';
import { SlowLink } from './slow-link.ts';

/**
 * What coild does next comes so much later than what etcd has answered, and the other way round: far longer than one of
 * the two may be told of later than the other.
 */
const LINK_DELAY_MS = 25;
const WORKERS = 3;
const ROUNDS = 5;
/** Of every Pod a block of its own, which is returned after this time. */
const SCAN_MS = 100;
const MAX_PAUSE_MS = 300;

test('blocks are acquired, exported, allocated from, withdrawn and returned, in this order', {
  skip: needsRoot,
  timeout: 120_000,
}, async () => {
  await using server = await EtcdServer.start();
  await using fixture = new EtcdFixture(server);
  await using node = await NodeUnderTest.create(({ netns }) => behindSlowLink(server, fixture, netns), {
    pools: [['default', '10.11.0.0/24', 0]],
  });
  await using monitor = await OrderMonitor.start({ fixture, netns: node.netns, node: 'node1' });
  await node.startCoild('--http=', `--scan-interval=${SCAN_MS}ms`, '--address-rest=0s');
  {
    await using scene = new Scene(node, asProcess(node.dist.coil));
    await Promise.all(Array.from({ length: WORKERS }, () => work(scene)));
  }
  assert.equal(await node.coild.stop(), 0);
  await monitor.caughtUp();
  const blocks = [...monitor.events].filter(([block]) => block.startsWith('10.11.'));
  for (const [block, events] of blocks) assert.ok(isInOrder(events), `${block}: ${events.join(', ')}`);
  const happened = new Set<BlockEvent>(blocks.flatMap(([, events]) => events));
  assert.deepEqual([...happened].sort(), ['acquired', 'allocated', 'exported', 'returned', 'withdrawn']);
});

/** Attaches and detaches one Pod after the other. */
async function work(scene: Scene): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const sandbox = await scene.sandbox();
    await sandbox.add();
    await delay(Math.random() * MAX_PAUSE_MS);
    await sandbox.del();
    await delay(Math.random() * MAX_PAUSE_MS);
  }
}

async function behindSlowLink(server: EtcdServer, fixture: EtcdFixture, netns: string): Promise<Datastore> {
  const { host, port } = server;
  const link = await SlowLink.listen(netns, port, { host, port }, LINK_DELAY_MS);
  return {
    flags: [`--etcd-endpoints=${server.url}`, `--etcd-prefix=${fixture.prefix}`],
    store: await fixture.open(),
    interrupt: () => undefined,
    restore: () => undefined,
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}
