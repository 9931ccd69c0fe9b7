import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readAllBlocks } from '../../src/store/etcd/block-documents.ts';
import { BlockGrants } from '../../src/store/etcd/block-grants.ts';
import { EtcdClient } from '../../src/store/etcd/etcd-client.ts';
import { etcdDatabase } from '../../src/store/etcd/etcd-database.ts';
import { Keys } from '../../src/store/etcd/keys.ts';
import { put } from '../../src/store/etcd/transaction.ts';
import { allocated, assignmentOf, blockFor, fails, ip, poolOf, soon } from '../contract/store-fixture.ts';
import { WatchedNode } from '../contract/watched-node.ts';
import { EtcdFixture } from './etcd-fixture.ts';
import { EtcdServer } from './etcd-server.ts';
import { V1Coild } from './v1-coild.ts';
import { V1_GOLDEN } from './v1-golden.ts';
import { readAsV1, writeV1Blocks } from './v1-reader.ts';

// What Coils of v1 leave in etcd, and do at the same time, when a pool goes.

let server: EtcdServer;
before(async () => {
  server = await EtcdServer.start();
});
after(async () => await server[Symbol.asyncDispose]());

function etcdTest(name: string, body: (fixture: EtcdFixture) => Promise<void>): void {
  test(name, { timeout: 60_000 }, async () => {
    await using fixture = new EtcdFixture(server);
    await body(fixture);
  });
}

/** A pool as v1 writes it, of one subnet in two blocks of 16 addresses. */
async function v1Pool({ keys }: EtcdFixture, name: string, subnet: string, nodes: Record<string, string[]> = {}) {
  const address = subnet.split('/')[0]!;
  const blocks = [...ip(subnet).subdivide(28)].map(String);
  const free = blocks.filter((block) => !Object.values(nodes).flat().includes(block));
  await keys.put(`pool/${name}`).value(JSON.stringify({ subnets: [subnet], block_size: 4 }));
  await keys.put(`subnet/${address}`).value('');
  await keys.put(`block/${name}/${address}`).value(writeV1Blocks({ free, nodes: new Map(Object.entries(nodes)) }));
}

const VALUE = '{"container_id":"c","namespace":"shop","pod":"web-0","created_at":"2019-08-25T00:00:00Z"}';

etcdTest('the pools that v1 left go once their nodes are gone, and v1 reads the rest', async (fixture) => {
  for (const [key, value] of Object.entries(V1_GOLDEN)) await fixture.keys.put(key).value(value);
  const store = await fixture.open();
  const pools = await store.listPools(soon());
  for (const name of pools.keys()) await fails(store.deletePool(name, soon()), 'pool-in-use', /node node[12] owns/);
  assert.deepEqual(await fixture.dump(), V1_GOLDEN);
  for (const node of (await store.listBlocks(soon())).keys()) await store.releaseNode(node, soon());
  for (const [name, { subnets }] of pools) {
    const before = await fixture.dump();
    await store.deletePool(name, soon());
    const after = await fixture.dump();
    const gone = Object.keys(before).filter((key) => !(key in after));
    const ofPool = subnets.flatMap(({ address }) => [`subnet/${address}`, `block/${name}/${address}`]);
    assert.deepEqual(gone.sort(), [`pool/${name}`, ...ofPool].sort());
    assert.deepEqual([...readAsV1(after).pools.keys()], [...(await store.listPools(soon())).keys()]);
  }
  assert.deepEqual(await fixture.dump(), {});
});

etcdTest('members that we do not know stay when a subnet goes', async (fixture) => {
  await v1Pool(fixture, 'web', '10.0.0.0/27');
  const store = await fixture.open();
  await store.addSubnet('web', ip('10.1.0.0/27'), soon());
  await fixture.keys.put('pool/web').value('{"subnets":["10.0.0.0/27","10.1.0.0/27"],"block_size":4,"note":"theirs"}');
  await store.removeSubnet('web', ip('10.0.0.0/27'), soon());
  const left = await fixture.dump();
  assert.deepEqual(Object.keys(left).sort(), ['block/web/10.1.0.0', 'pool/web', 'subnet/10.1.0.0']);
  assert.deepEqual(JSON.parse(left['pool/web']!), { subnets: ['10.1.0.0/27'], block_size: 4, note: 'theirs' });
});

etcdTest('addresses in a block that v1 returned too early keep the subnet', async (fixture) => {
  await v1Pool(fixture, 'web', '10.0.0.0/27');
  await fixture.keys.put('ip/10.0.0.16/3').value(VALUE);
  const store = await fixture.open();
  const before = await fixture.dump();
  const message = /^pool in use: of pool web, 10\.0\.0\.19 assigned, in blocks of no node$/;
  await fails(store.deletePool('web', soon()), 'pool-in-use', message);
  assert.deepEqual(await fixture.dump(), before);
  const record = await store.findAddress(ip('10.0.0.19/32').address, soon());
  assert.equal((await store.free([record], soon())).outcome, 'freed');
  await store.deletePool('web', soon());
  assert.deepEqual(await fixture.dump(), {});
});

etcdTest('an owner key that v1 did not take away goes too, and its node is told', async (fixture) => {
  const store = await fixture.open();
  await store.createPool('web', poolOf(4, '10.0.0.0/27'), soon());
  const block = await blockFor(store, 'node1', 'web');
  await using watched = await WatchedNode.begin(await fixture.open(), 'node1');
  assert.equal(watched.blocks().length, 1);
  // v1's controller thinks that the node is gone
  await new V1Coild(fixture.etcd, { prefix: fixture.prefix, node: 'node1' }).release('web', String(block), {
    force: true,
  });
  await store.deletePool('web', soon());
  await watched.until((node) => node.blocks().length === 0, 'the block lost');
  assert.deepEqual(await fixture.dump(), {});
  const request = { node: 'node1', slots: [{ block, offset: 1 }], assignment: assignmentOf('c1') };
  assert.equal((await store.allocate(request, soon())).outcome, 'not-owned');
});

etcdTest('of two pools that v1 let overlap one can go; the other keeps blocks and addresses', async (fixture) => {
  await v1Pool(fixture, 'inner', '10.0.1.0/27', { node1: ['10.0.1.0/28'] });
  await v1Pool(fixture, 'outer', '10.0.0.0/23');
  const store = await fixture.open();
  await using watched = await WatchedNode.begin(store, 'node1');
  const slots = [{ block: ip('10.0.1.0/28'), offset: 2 }];
  allocated(await store.allocate({ node: 'node1', slots, assignment: assignmentOf('c1') }, soon()));
  await fails(store.deletePool('inner', soon()), 'pool-in-use', /node1 owns 10\.0\.1\.0\/28/);
  await store.deletePool('outer', soon());
  assert.deepEqual(Object.keys(await fixture.dump()).sort(), [
    'block/inner/10.0.1.0',
    'ip/10.0.1.0/2',
    'owner/10.0.1.0',
    'pool/inner',
    'subnet/10.0.1.0',
  ]);
  await watched.until((node) => !node.pools().has('outer'), 'the pool that went');
  assert.deepEqual(watched.blocks(), ['inner 10.0.1.0/28']);
});

etcdTest('a coild of v1 acquires, or the pool goes: never both', async (fixture) => {
  const store = await fixture.open();
  const v1 = new V1Coild(fixture.etcd, { prefix: fixture.prefix, node: 'v1' });
  const seen = new Set<string>();
  for (let round = 0; round < 40; round++) {
    await store.createPool('web', poolOf(4, '10.0.0.0/27'), soon());
    const acquiring = v1.acquire('web');
    // v1 reads before it writes: the removal falls before, between, or after
    if (round % 2) await acquiring;
    const removed = await store.deletePool('web', soon()).then(
      () => 'gone',
      (error) => error.code,
    );
    const block = await acquiring;
    seen.add(removed);
    if (removed === 'gone') assert.deepEqual([block, await fixture.dump()], [undefined, {}]);
    else {
      assert.deepEqual([removed, typeof block], ['pool-in-use', 'string']);
      await v1.release('web', block!, { force: true });
      await store.deletePool('web', soon());
    }
  }
  assert.deepEqual([...seen].sort(), ['gone', 'pool-in-use']);
});

etcdTest('requests for blocks that nobody waits for any more go with the pool', async (fixture) => {
  const store = await fixture.open();
  await store.createPool('web', poolOf(4, '10.0.0.0/27'), soon());
  await fixture.keys.put('acquire/web/4/0').value('{"node":"dead"}');
  await fixture.keys.put('acquire/web-2/4/0').value('{"node":"dead"}');
  const waiting = blockFor(await fixture.open(), 'node1', 'web');
  const refused = fails(waiting, 'pool-not-found', /web/);
  while (Object.keys(await fixture.dump()).filter((key) => key.startsWith('acquire/web/')).length < 2);
  const begun = performance.now();
  await store.deletePool('web', soon());
  await refused;
  assert.ok(performance.now() - begun < 900, 'who waits is told at once');
  assert.deepEqual(Object.keys(await fixture.dump()), ['acquire/web-2/4/0']);
});

etcdTest('a pool of too many subnets for one transaction is made, and goes, in two steps', async (fixture) => {
  const store = await fixture.open();
  const subnets = Array.from({ length: 64 }, (_, i) => `10.0.${i}.0/28`);
  await fails(
    store.createPool('web', poolOf(4, ...subnets), soon()),
    'invalid-argument',
    /has 64 subnets: .* 63 at most/,
  );
  assert.deepEqual(await fixture.dump(), {});
  await store.createPool('web', poolOf(4, ...subnets.slice(0, 63)), soon());
  for (const subnet of subnets.slice(63)) await store.addSubnet('web', ip(subnet), soon());
  await fails(store.deletePool('web', soon()), 'invalid-argument', /has 64 subnets: .* 63 can go at once/);
  await store.removeSubnet('web', ip(subnets[0]!), soon());
  await store.deletePool('web', soon());
  assert.deepEqual(await fixture.dump(), {});
});

etcdTest('what cannot be read stays, and is named', async (fixture) => {
  const store = await fixture.open();
  await store.createPool('web', poolOf(4, '10.0.0.0/27'), soon());
  await fixture.keys.put('block/web/10.0.0.0').value('{"free":7}');
  const before = await fixture.dump();
  await fails(store.deletePool('web', soon()), 'corrupt-data', /block\/web\/10\.0\.0\.0: free/);
  assert.deepEqual(await fixture.dump(), before);
});

etcdTest('who gives out blocks of a subnet that just went gives those of another', async (fixture) => {
  const store = await fixture.open();
  await store.createPool('web', poolOf(4, '10.0.0.0/27', '10.1.0.0/27'), soon());
  await using client = new EtcdClient({ endpoints: [fixture.url] });
  const db = etcdDatabase({ client, keys: new Keys(fixture.prefix) }, undefined);
  const subnets = await readAllBlocks(db, 'read what is about to change', soon());
  await store.removeSubnet('web', ip('10.0.0.0/27'), soon());
  const key = `${db.keys.requests('web', 4)}own`;
  const { header } = await client.transact('ask', { success: [put(key, '{"node":"node1"}')] }, soon());
  const grants = new BlockGrants(db, db.keys.requests('web', 4), { key, node: 'node1', subnets });
  const answer = await grants.answer(
    [{ key, node: 'node1', revision: header!.revision, block: undefined, isSpare: false }],
    soon(),
  );
  assert.equal(String(answer?.block), '10.1.0.0/28');
});
