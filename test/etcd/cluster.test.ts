import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { IpPrefix } from '../../src/model/ip-prefix.ts';
import { EtcdIpamStore } from '../../src/store/etcd/etcd-ipam-store.ts';
import { acquired, allocated, assignmentOf, fails, freed, poolOf, soon } from '../contract/store-fixture.ts';
import { eventually } from '../e2e/eventually.ts';
import { EtcdCluster } from './etcd-cluster.ts';

const DIAL_MS = 2000;
const REQUEST_MS = 3000;
/** The others choose a leader within 1 to 2 s where the one that was killed led; the machine may be busy. */
const ELECTION_MS = 5000;
/** A member without a leader ends its watches after three times the time for an election. */
const LEADERLESS_MS = 15_000;

describe('a cluster of three members', { timeout: 180_000 }, () => {
  let cluster: EtcdCluster;
  let store: EtcdIpamStore;
  let block: IpPrefix;
  before(async () => {
    cluster = await EtcdCluster.start();
    await using admin = new EtcdIpamStore({ endpoints: cluster.urls });
    block = await acquired(admin, 'node1');
  });
  after(async () => await cluster[Symbol.asyncDispose]());
  beforeEach(async () => {
    store = new EtcdIpamStore({ endpoints: cluster.urls, dialTimeoutMs: DIAL_MS, requestTimeoutMs: REQUEST_MS });
    await store.listPools(soon());
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    for (const member of cluster.members) await member.kill();
    await Promise.all(cluster.members.map((member) => member.start()));
  });

  const use = async (offset: number) => {
    const request = { node: 'node1', slots: [{ block, offset }], assignment: assignmentOf(`c${offset}`) };
    assert.equal(await freed(store, ...allocated(await store.allocate(request, soon()))), 'freed');
  };

  test('the member in use is killed, and calls go on', async () => {
    await use(1);
    // connected to in their order
    await cluster.members[0]!.kill();
    const killedAt = performance.now();
    await eventually('a call succeeds', async () => (await store.listPools(soon())).size === 1);
    const ms = performance.now() - killedAt;
    assert.ok(ms < DIAL_MS + ELECTION_MS, `${ms} ms`);
    for (let offset = 1; offset < 10; offset++) await use(offset);
  });

  test("the member in use hangs: one call is lost, the next is another member's", async () => {
    cluster.members[0]!.freeze();
    await fails(use(1), 'store-unavailable', /cannot allocate/);
    const failedAt = performance.now();
    await store.listPools(soon());
    const ms = performance.now() - failedAt;
    assert.ok(ms < REQUEST_MS, `${ms} ms`);
  });

  test('a member that is down at the start costs its turn, no call', async () => {
    await cluster.members[0]!.kill();
    await using late = new EtcdIpamStore({ endpoints: cluster.urls, dialTimeoutMs: DIAL_MS });
    assert.equal((await late.listPools(soon())).size, 1);
  });

  test('without a majority calls fail in time, and go on when it is back', async () => {
    await cluster.members[0]!.kill();
    await cluster.members[1]!.kill();
    for (let i = 0; i < 2; i++) {
      const failedAt = performance.now();
      await fails(use(3), 'store-unavailable', /^etcd at http:.*, http:.*, http:.*: cannot allocate/);
      const ms = performance.now() - failedAt;
      assert.ok(ms < REQUEST_MS + 500, `${ms} ms`);
    }
    await cluster.members[1]!.start();
    await eventually('a call succeeds', async () => (await store.listPools(soon())).size === 1);
    // what failed without a majority may be carried out once there is one
    for (const record of await store.listAddresses(block, soon())) await freed(store, record);
    await use(3);
  });

  test('the watch ends with its member, and a new one misses nothing', async () => {
    const first = store.watchNode('node1', soon())[Symbol.asyncIterator]();
    assert.equal((await first.next()).value?.kind, 'snapshot');
    const ended = fails(first.next(), 'store-unavailable', /cannot watch node node1/);
    await cluster.members[0]!.kill();
    await ended;
    await using other = new EtcdIpamStore({ endpoints: cluster.urls });
    const pool = poolOf(4, '10.1.0.0/24');
    await eventually('a pool is made', async () => {
      await other.createPool('meanwhile', pool, soon());
      return true;
    });
    const changes = await eventually('there is a new watch', async () => {
      const again = store.watchNode('node1', soon())[Symbol.asyncIterator]();
      const { value } = await again.next();
      assert.ok(value?.kind === 'snapshot' && value.pools.has('meanwhile'));
      return again;
    });
    await other.addSubnet('meanwhile', poolOf(4, '10.2.0.0/24').subnets[0]!, soon());
    const { value: change } = await changes.next();
    assert.ok(change?.kind === 'pool');
    assert.equal(change.pool?.subnets.length, 2);
    await changes.return?.();
  });

  test('the watch of a member that has lost the others ends too', async () => {
    await using last = new EtcdIpamStore({ endpoints: [cluster.urls[2]!] });
    const changes = last.watchNode('node1', AbortSignal.timeout(LEADERLESS_MS))[Symbol.asyncIterator]();
    assert.equal((await changes.next()).value?.kind, 'snapshot');
    const ended = fails(changes.next(), 'store-unavailable', /cannot watch node node1/);
    await cluster.members[0]!.kill();
    await cluster.members[1]!.kill();
    await ended;
  });
});
