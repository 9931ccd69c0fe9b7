import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { CoilError } from '../../src/model/error.ts';
import type { EtcdIpamStore } from '../../src/store/etcd/etcd-ipam-store.ts';
import { blockFor, fails, ip, poolOf, soon } from '../contract/store-fixture.ts';
import { EtcdFixture } from './etcd-fixture.ts';
import { EtcdServer } from './etcd-server.ts';

const SUBNET = ip('10.0.0.0/20');
const DOCUMENT = 'block/default/10.0.0.0';

let server: EtcdServer;
before(async () => {
  server = await EtcdServer.start();
});
after(async () => await server[Symbol.asyncDispose]());

/** A test over a pool of 1024 blocks, and as many clients. */
function queueTest(
  name: string,
  clients: number,
  body: (stores: EtcdIpamStore[], f: EtcdFixture) => Promise<void>,
): void {
  test(name, { timeout: 60_000 }, async () => {
    await using fixture = new EtcdFixture(server);
    const stores = await Promise.all(Array.from({ length: clients }, async () => await fixture.open()));
    await stores[0]!.createPool('default', poolOf(2, String(SUBNET)), soon());
    await Promise.all(stores.map((store) => store.listPools(soon())));
    await body(stores, fixture);
    const left = Object.keys(await fixture.dump()).filter((key) => key.startsWith('acquire/'));
    assert.deepEqual(left, [], 'no request is left behind');
  });
}

function requestsOf(stores: readonly EtcdIpamStore[]): number {
  return stores.reduce((sum, store) => sum + store.requests, 0);
}

queueTest('alone, an acquisition is two requests', 1, async ([store]) => {
  const before = store!.requests;
  await blockFor(store!, 'node1', 'default');
  assert.equal(store!.requests - before, 2);
});

queueTest('60 nodes at once need less than two requests each', 60, async (stores) => {
  const before = requestsOf(stores);
  const blocks = await Promise.all(stores.map((store, i) => blockFor(store, `node${i}`, 'default')));
  const each = (requestsOf(stores) - before) / stores.length;
  assert.equal(new Set(blocks.map(String)).size, 60);
  assert.ok(each < 2, `${each} requests each`);
});

queueTest('when the one who answers is gone, another one answers all', 4, async (stores, fixture) => {
  // as a node leaves it that died after its first request
  await fixture.keys.put('acquire/default/4/0').value('{"node":"dead"}');
  const blocks = await Promise.all(stores.map((store, i) => blockFor(store, `node${i}`, 'default')));
  assert.equal(new Set(blocks.map(String)).size, 4);
  assert.equal((await stores[0]!.listNodeBlocks('dead', soon())).length, 1);
});

queueTest('an answer that its node did not see is removed', 1, async ([store], fixture) => {
  await fixture.keys.put('acquire/default/4/0').value('{"node":"dead","block":"10.0.9.0/30"}');
  assert.equal(String(await blockFor(store!, 'node1', 'default')), '10.0.0.0/30');
});

queueTest(
  'a request that a killed coild left is not answered to its successor besides',
  1,
  async ([store], fixture) => {
    await fixture.keys.put('acquire/default/4/0').value('{"node":"node1"}');
    await blockFor(store!, 'node1', 'default');
    assert.equal((await store!.listNodeBlocks('node1', soon())).length, 1);
  },
);

queueTest('who gives up while it waits leaves no request', 1, async ([store], fixture) => {
  await fixture.keys.put('acquire/default/4/0').value('{"node":"dead"}');
  const reason = new Error('enough');
  const abort = new AbortController();
  setTimeout(() => abort.abort(reason), 100);
  await assert.rejects(store!.acquireBlock({ node: 'node1', pool: 'default', family: 4 }, abort.signal), reason);
  assert.equal((await store!.listBlocks(soon())).size, 0);
  await store!.releaseNode('dead', soon());
});

queueTest('a request for what is not there is told, also to one who waits', 1, async ([store], fixture) => {
  await fixture.keys.put('acquire/nope/4/0').value('{"node":"dead"}');
  await fails(blockFor(store!, 'node1', 'nope'), 'pool-not-found', /nope/);
  await fails(blockFor(store!, 'node1', 'default', 6), 'out-of-blocks', /IPv6/);
  await store!.releaseNode('dead', soon());
});

queueTest(
  'a request that cannot be read is told with its key, stays as it is, and keeps nobody from a block',
  2,
  async ([store, other], fixture) => {
    const values = ['no JSON', '{"node":7}', '{"node":"a/b"}', '{"node":"node1","block":"10.0.0.0"}'];
    const written = new Map(values.map((value, i) => [`acquire/default/4/${i}`, value]));
    for (const [key, value] of written) await fixture.keys.put(key).value(value);
    const unreadable: CoilError[] = [];
    const request = { pool: 'default', family: 4 } as const;
    const acquired = await Promise.all([
      store!.acquireBlock({ node: 'node1', ...request }, soon(), unreadable),
      other!.acquireBlock({ node: 'node2', ...request }, soon(), unreadable),
    ]);
    assert.deepEqual(acquired.map(({ block }) => String(block)).sort(), ['10.0.0.0/30', '10.0.0.4/30']);
    const told = new Set(unreadable.map(({ message }) => message.slice(fixture.prefix.length).split(':')[0]));
    assert.deepEqual(told, new Set(written.keys()));
    for (const [key, value] of written) assert.equal(await fixture.keys.get(key).string(), value);
    for (const key of written.keys()) await fixture.keys.delete().key(key);
  },
);

queueTest('a request that cannot be read keeps no blocks for a node that is gone', 1, async ([store], fixture) => {
  await blockFor(store!, 'dead', 'default');
  const [damaged, dropped] = ['acquire/default/4/0', 'acquire/default/4/1'];
  await fixture.keys.put(damaged).value('no JSON');
  await fixture.keys.put(dropped).value('{"node":"dead"}');
  const unreadable: CoilError[] = [];
  assert.equal((await store!.releaseNode('dead', soon(), unreadable)).length, 1);
  assert.deepEqual(
    unreadable.map(({ message }) => message.split(': ')[0]),
    [fixture.prefix + damaged],
  );
  assert.equal(await fixture.keys.get(damaged).string(), 'no JSON');
  assert.equal(await fixture.keys.get(dropped).exists(), false);
  await fixture.keys.delete().key(damaged);
});

queueTest('a value that cannot be read ends an acquisition', 1, async ([store], fixture) => {
  await fixture.keys.put(DOCUMENT).value('{"free":7}');
  await fails(blockFor(store!, 'node1', 'default'), 'corrupt-data', /block\/default\/10\.0\.0\.0: free/);
});

queueTest('a used-up pool of more subnets than a transaction can compare is used up', 1, async ([store]) => {
  await store!.createPool('many', poolOf(0, '10.2.0.0/32'), soon());
  for (let i = 1; i < 140; i++) await store!.addSubnet('many', ip(`10.2.0.${i}/32`), soon());
  for (let i = 0; i < 140; i++) await blockFor(store!, 'node1', 'many');
  await fails(blockFor(store!, 'node1', 'many'), 'out-of-blocks', /many/);
});

queueTest('coilds of v1 that acquire at the same time lose nothing, and take nothing', 10, async (stores, fixture) => {
  let running = true;
  const ofV1 = acquireAsV1(fixture, () => running);
  const blocks = await Promise.all(stores.map((store, i) => blockFor(store, `node${i}`, 'default')));
  running = false;
  const all = [...blocks.map(String), ...(await ofV1)];
  assert.equal(new Set(all).size, all.length);
  const assignment = await stores[0]!.getBlockAssignment('default', SUBNET, soon());
  assert.equal(assignment.total, 1024);
  assert.equal(assignment.freeList.length, 1024 - all.length);
});

/** Acquires block after block by v1's way: read the document, and write it if nobody else did. */
async function acquireAsV1(fixture: EtcdFixture, goOn: () => boolean): Promise<string[]> {
  const acquired: string[] = [];
  while (goOn()) {
    const { kvs } = await fixture.keys.get(DOCUMENT).exec();
    const { free, nodes } = JSON.parse(kvs[0]!.value.toString());
    const [block, ...rest] = free;
    nodes.v1 = [...(nodes.v1 ?? []), block];
    const { succeeded } = await fixture.keys
      .if(DOCUMENT, 'Mod', '==', Number(kvs[0]!.mod_revision))
      .then(fixture.keys.put(DOCUMENT).value(JSON.stringify({ free: rest, nodes })))
      .commit();
    if (succeeded) acquired.push(block);
  }
  return acquired;
}
