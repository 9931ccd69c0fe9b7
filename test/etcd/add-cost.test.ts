import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpamNode } from '../contract/ipam-node.ts';
import { blockFor, poolOf, soon } from '../contract/store-fixture.ts';
import { EtcdFixture } from './etcd-fixture.ts';
import { EtcdServer } from './etcd-server.ts';

const PODS = 5;

test('ADD and DEL are one request each, however many pools and blocks there are', { timeout: 60_000 }, async () => {
  await using server = await EtcdServer.start();
  await using fixture = new EtcdFixture(server);
  await using cluster = await fixture.open();
  await cluster.createPool('default', poolOf(2, '10.0.0.0/16'), soon());
  for (let i = 0; i < 8; i++) await cluster.createPool(`pool-${i}`, poolOf(4, `10.${i + 1}.0.0/24`), soon());
  for (let i = 0; i < 20; i++) await blockFor(cluster, `other-${i}`, 'default');

  await using store = await fixture.open();
  await using node = new IpamNode(store, { restMs: 0 });
  const pod = (i: number) => ({ containerId: `c${i}`, ifname: 'eth0', namespace: 'default', pod: `pod-${i}` });
  // the first one acquires a block, and nothing is asked for in the background any more
  await node.ipam.allocate(pod(0), soon());
  await node.ipam.release(pod(0), soon());
  const counts: number[] = [];
  const counted = async (call: Promise<unknown>) => {
    const before = store.requests;
    await call;
    counts.push(store.requests - before);
  };
  // a lone Pod that restarts gives no block back
  for (let i = 1; i <= PODS; i++) {
    await counted(node.ipam.allocate(pod(i), soon()));
    await counted(node.ipam.release(pod(i), soon()));
  }
  assert.deepEqual(counts, Array<number>(2 * PODS).fill(1));
  assert.equal(node.blocks.length, 1);
});
