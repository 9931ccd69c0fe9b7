import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { CoilError } from '../../src/model/error.ts';
import { IpAddress } from '../../src/model/ip-address.ts';
import { DocumentCheck } from '../../src/store/etcd/document-check.ts';
import { EtcdClient } from '../../src/store/etcd/etcd-client.ts';
import { etcdDatabase } from '../../src/store/etcd/etcd-database.ts';
import type { EtcdIpamStore } from '../../src/store/etcd/etcd-ipam-store.ts';
import { Keys } from '../../src/store/etcd/keys.ts';
import {
  allocated,
  assignmentOf,
  blockFor,
  dump,
  fails,
  ip,
  poolOf,
  released,
  soon,
} from '../contract/store-fixture.ts';
import { WatchedNode } from '../contract/watched-node.ts';
import { EtcdFixture } from './etcd-fixture.ts';
import { EtcdServer } from './etcd-server.ts';

/** Every key, without its prefix, and value that a Coil v1.1.4 left. */
const GOLDEN: Readonly<Record<string, string>> = Object.fromEntries(
  readFileSync(new URL('../golden/v1-etcd.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line): { key: string; value: string } => JSON.parse(line))
    .map(({ key, value }) => [key.replace(/^\/coil\//, ''), value]),
);

let server: EtcdServer;
before(async () => {
  server = await EtcdServer.start();
});
after(async () => await server[Symbol.asyncDispose]());

/** A test over what v1 left. */
function v1Test(name: string, body: (store: EtcdIpamStore, fixture: EtcdFixture) => Promise<void>): void {
  test(name, { timeout: 60_000 }, async () => {
    await using fixture = new EtcdFixture(server);
    for (const [key, value] of Object.entries(GOLDEN)) await fixture.keys.put(key).value(value);
    await body(await fixture.open({ documentCheckMs: 200 }), fixture);
  });
}

/** Asserts that all of v1's values stand as they were, except for `changed`; gives the keys that were added. */
async function addedSince(fixture: EtcdFixture, ...changed: readonly string[]): Promise<readonly string[]> {
  const now = await fixture.dump();
  for (const [key, value] of Object.entries(GOLDEN)) if (!changed.includes(key)) assert.equal(now[key], value, key);
  return Object.keys(now).filter((key) => !(key in GOLDEN));
}

v1Test('all that v1 wrote is read, and reading changes nothing', async (store, fixture) => {
  assert.deepEqual([...(await store.listPools(soon())).keys()], ['default', 'dmz', 'one', 'single']);
  const blocks = await store.listBlocks(soon());
  assert.deepEqual([...blocks.keys()], ['node1', 'node2']);
  for (const key of Object.keys(GOLDEN).filter((each) => each.startsWith('block/'))) {
    const [, pool, address] = key.split('/');
    const subnet = (await store.getPool(pool!, soon())).subnets.find((each) => String(each.address) === address)!;
    assert.equal(JSON.stringify(await store.getBlockAssignment(pool!, subnet, soon())), GOLDEN[key]);
  }
  const addresses = (
    await Promise.all([...blocks.values()].flat().map(({ block }) => store.listAddresses(block, soon())))
  ).flat();
  assert.equal(addresses.length, Object.keys(GOLDEN).filter((key) => key.startsWith('ip/')).length);
  const web = await store.findAddress(IpAddress.parse('10.64.0.16'), soon());
  assert.equal(web.assignment.createdAt, '2026-11-22T12:38:59.340957085Z');
  const old = await store.findAddress(IpAddress.parse('10.64.0.25'), soon());
  assert.deepEqual(old.assignment, {
    containerId: '',
    namespace: 'default',
    pod: 'old-pod',
    createdAt: '1970-01-01T00:00:00Z',
  });
  assert.ok((await dump(store)).includes('node node2'));
  assert.deepEqual(await addedSince(fixture), []);
});

v1Test("a watch adopts the node's blocks, and nothing else changes", async (store, fixture) => {
  await using watched = await WatchedNode.begin(store, 'node1');
  const blocks = await store.listNodeBlocks('node1', soon());
  assert.deepEqual(watched.snapshot.blocks, blocks);
  const owners = blocks.map(({ block }) => `owner/${block.address}`);
  assert.deepEqual(new Set(await addedSince(fixture)), new Set(owners));
  for (const key of owners) assert.equal(await fixture.keys.get(key).string(), 'node1');
});

v1Test(
  "a block that v1 acquired is adopted by the first allocation, and another node's is not",
  async (store, fixture) => {
    const block = ip('192.0.2.7/32');
    const assignment = assignmentOf('c1');
    const slots = [{ block, offset: 0 }];
    assert.deepEqual(await store.allocate({ node: 'node2', slots, assignment }, soon()), {
      outcome: 'not-owned',
      blocks: [block],
    });
    assert.deepEqual(await addedSince(fixture), []);
    assert.equal((await store.allocate({ node: 'node1', slots, assignment }, soon())).outcome, 'taken');
    assert.deepEqual(await addedSince(fixture), ['owner/192.0.2.7']);
  },
);

v1Test('what we write is what v1 would write', async (store, fixture) => {
  const block = await blockFor(store, 'node1', 'dmz');
  assert.equal(String(block), '203.0.113.8/30');
  const dmz = 'block/dmz/203.0.113.0';
  assert.equal(
    await fixture.keys.get(dmz).string(),
    '{"free":["203.0.113.12/30"],"nodes":{"node1":["203.0.113.0/30","203.0.113.8/30"],"node2":["203.0.113.4/30"]}}',
  );
  const assignment = { ...assignmentOf('c1'), ifname: 'eth0' };
  const records = allocated(await store.allocate({ node: 'node1', slots: [{ block, offset: 2 }], assignment }, soon()));
  assert.equal(
    await fixture.keys.get('ip/203.0.113.8/2').string(),
    `{"container_id":"c1","namespace":"default","pod":"pod-c1","created_at":"${assignment.createdAt}","ifname":"eth0"}`,
  );
  await store.free(records, soon());
  assert.equal(await released(store, 'node1', block, 'dmz'), 'released');
  assert.equal(
    await fixture.keys.get(dmz).string(),
    '{"free":["203.0.113.12/30","203.0.113.8/30"],"nodes":{"node1":["203.0.113.0/30"],"node2":["203.0.113.4/30"]}}',
  );
  assert.deepEqual(await addedSince(fixture, dmz), []);
  await store.createPool('new', poolOf(2, '198.18.0.0/29'), soon());
  await store.addSubnet('new', ip('2001:db8::/127'.replace('127', '125')), soon());
  const added = await addedSince(fixture, dmz);
  const names = ['pool/new', 'subnet/198.18.0.0', 'subnet/2001:db8::', 'block/new/198.18.0.0', 'block/new/2001:db8::'];
  assert.deepEqual(new Set(added), new Set(names));
  const all = await fixture.dump();
  assert.deepEqual(
    names.map((name) => all[name]),
    [
      '{"subnets":["198.18.0.0/29","2001:db8::/125"],"block_size":2}',
      '',
      '',
      '{"free":["198.18.0.0/30","198.18.0.4/30"],"nodes":{}}',
      '{"free":["2001:db8::/126","2001:db8::4/126"],"nodes":{}}',
    ],
  );
});

v1Test('members and keys that we do not know stay', async (store, fixture) => {
  const dmz = 'block/dmz/203.0.113.0';
  await fixture.keys.put(dmz).value('{"later":1,"free":["203.0.113.8/30"],"nodes":{"node1":null}}');
  await fixture.keys.put('pool/dmz').value('{"subnets":["203.0.113.0/28"],"block_size":2,"later":[1]}');
  await fixture.keys.put('later/x').value('y');
  await blockFor(store, 'node9', 'dmz');
  assert.equal(await fixture.keys.get(dmz).string(), '{"later":1,"free":null,"nodes":{"node9":["203.0.113.8/30"]}}');
  await store.addSubnet('dmz', ip('198.18.0.0/30'), soon());
  assert.equal(
    await fixture.keys.get('pool/dmz').string(),
    '{"subnets":["203.0.113.0/28","198.18.0.0/30"],"block_size":2,"later":[1]}',
  );
  assert.equal(await fixture.keys.get('later/x').string(), 'y');
});

v1Test('what a controller of v1 takes away, and a coild of v1 acquires, is noticed', async (store, fixture) => {
  const key = 'block/dmz/203.0.113.0';
  await using watched = await WatchedNode.begin(store, 'node1');
  assert.ok(watched.blocks().includes('dmz 203.0.113.0/30'));
  // v1 writes the document only
  await fixture.keys
    .put(key)
    .value('{"free":["203.0.113.12/30","203.0.113.0/30"],"nodes":{"node1":["203.0.113.8/30"]}}');
  await watched.until((node) => !node.blocks().includes('dmz 203.0.113.0/30'), 'the block taken away');
  await watched.until((node) => node.blocks().includes('dmz 203.0.113.8/30'), 'the block acquired');
  const slots = [{ block: ip('203.0.113.0/30'), offset: 3 }];
  const outcome = await store.allocate({ node: 'node1', slots, assignment: assignmentOf('c1') }, soon());
  assert.equal(outcome.outcome, 'not-owned');
});

v1Test('only what v1 changes makes nodes read block documents', async (store, fixture) => {
  await using client = new EtcdClient({ endpoints: [fixture.url] });
  const check = new DocumentCheck(etcdDatabase({ client, keys: new Keys(fixture.prefix) }, 'node1'), 'node1');
  const view = {
    blocks: [{ pool: 'dmz', block: ip('203.0.113.0/30') }],
    subnets: [{ pool: 'dmz', subnet: ip('203.0.113.0/28') }],
  };
  const requests = async () => {
    const before = client.requests;
    await check.check(view, soon());
    return client.requests - before;
  };
  assert.ok((await requests()) > 1, 'at first it knows nothing');
  assert.equal(await fixture.keys.get('owner/203.0.113.0').string(), 'node1');
  assert.equal(await requests(), 1);
  const block = await blockFor(store, 'node2', 'dmz');
  await released(store, 'node2', block, 'dmz');
  await store.releaseNode('node2', soon());
  assert.equal(await requests(), 1);
  const document = await fixture.keys.get('block/dmz/203.0.113.0').string();
  await fixture.keys.put('block/dmz/203.0.113.0').value(document!);
  await blockFor(store, 'node2', 'dmz');
  assert.ok((await requests()) > 1, 'v1 wrote the document, and then we did');
  assert.equal(await requests(), 1);
});

v1Test('values that cannot be read are named by their keys, and the rest is read', async (store, fixture) => {
  await fixture.keys.put('ip/10.64.0.16/7').value('{"namespace":7}');
  await fixture.keys.put('pool/dmz').value('no JSON');
  await fixture.keys.put('block/default/10.65.0.0').value('{"free":7}');
  const bad = (key: string) => new RegExp(`^${fixture.prefix}${key}: `);
  await fails(store.listAddresses(ip('10.64.0.16/28'), soon()), 'corrupt-data', bad('ip/10.64.0.16/7'));
  const unreadable: CoilError[] = [];
  const listed = await store.listAddresses(ip('10.64.0.16/28'), soon(), unreadable);
  assert.deepEqual(
    listed.filter(({ assignment }) => assignment.pod === '').map(({ offset }) => offset),
    [7],
  );
  assert.match(unreadable.join(), new RegExp(`${fixture.prefix}ip/10.64.0.16/7: `));
  await fails(store.listPools(soon()), 'corrupt-data', bad('pool/dmz'));
  await fails(
    store.getBlockAssignment('default', ip('10.65.0.0/24'), soon()),
    'corrupt-data',
    bad('block/default/10.65.0.0'),
  );
  for (const node of ['node1', 'node2']) {
    await using watched = await WatchedNode.begin(store, node);
    const { snapshot } = watched;
    const unreadable = snapshot.unreadable.map(({ message }) => message.slice(fixture.prefix.length).split(':')[0]);
    const own = snapshot.blocks.some(({ block }) => String(block) === '10.64.0.16/28') ? ['ip/10.64.0.16/7'] : [];
    assert.deepEqual(new Set(unreadable), new Set(['pool/dmz', 'block/default/10.65.0.0', ...own]));
    assert.match(String(snapshot.unreadablePools?.get('dmz')), /pool\/dmz: /);
    // a node keeps a block whose pool cannot be read, or its route would be withdrawn
    assert.ok(snapshot.blocks.some(({ pool }) => pool === 'dmz'));
    const nobody = snapshot.addresses.filter(({ offset, block }) => offset === 7 && String(block) === '10.64.0.16/28');
    assert.deepEqual(
      nobody.map(({ assignment }) => assignment.containerId),
      own.map(() => ''),
    );
  }
});

v1Test('an address whose value cannot be read is taken, and no reason to refuse the others', async (store, fixture) => {
  await fixture.keys.put('ip/10.64.0.16/7').value('{"namespace":7}');
  const block = ip('10.64.0.16/28');
  const slots = [7, 12].map((offset) => ({ block, offset }));
  const answer = await store.allocate({ node: 'node1', slots, assignment: assignmentOf('c1') }, soon());
  assert.ok(answer.outcome === 'taken');
  assert.deepEqual(
    answer.records.map(({ offset, assignment }) => [offset, assignment.containerId]),
    [[7, '']],
  );
});

v1Test('a value that somebody breaks while a node watches is told of by its key', async (store, fixture) => {
  const key = 'ip/10.64.0.16/7';
  let isBroken = false;
  for await (const event of store.watchNode('node1', soon())) {
    if (!isBroken) await fixture.keys.put(key).value('{"namespace":7}');
    isBroken = true;
    if (event.kind !== 'address') continue;
    assert.equal(event.record?.assignment.containerId, '');
    assert.match(String(event.unreadable?.message), new RegExp(`^${fixture.prefix}${key}: `));
    return;
  }
  assert.fail('the watch told nothing of it');
});

v1Test('a node keeps its blocks while their document cannot be read', async (store, fixture) => {
  const block = await blockFor(store, 'node1', 'default');
  const document = await fixture.keys.get('block/default/10.64.0.0').string();
  await fixture.keys.put('block/default/10.64.0.0').value(document!.slice(0, -1));
  await using watched = await WatchedNode.begin(store, 'node1');
  assert.ok(watched.blocks().includes(`default ${block}`));
  const slots = [{ block, offset: 1 }];
  allocated(await store.allocate({ node: 'node1', slots, assignment: assignmentOf('c1') }, soon()));
  await watched.until((node) => node.addresses().some((record) => record.block.equals(block)), 'the address');
  await using client = new EtcdClient({ endpoints: [fixture.url] });
  const check = new DocumentCheck(etcdDatabase({ client, keys: new Keys(fixture.prefix) }, 'node1'), 'node1');
  const view = { blocks: [{ pool: 'default', block }], subnets: [{ pool: 'default', subnet: ip('10.64.0.0/20') }] };
  await check.check(view, soon());
  assert.equal(await fixture.keys.get(`owner/${block.address}`).string(), 'node1');
});

v1Test('a node with more blocks than one transaction can release loses them all', async (store, fixture) => {
  await store.createPool('many', poolOf(0, '198.18.0.0/24'), soon());
  const blocks = Array.from({ length: 200 }, (_, i) => `198.18.0.${i}/32`);
  await fixture.keys.put('block/many/198.18.0.0').value(JSON.stringify({ free: null, nodes: { big: blocks } }));
  await fixture.keys.put('ip/198.18.0.199/0').value('default/old-pod');
  await using watched = await WatchedNode.begin(store, 'big');
  assert.equal(watched.snapshot.blocks.length, 200);
  assert.equal((await store.releaseNode('big', soon())).length, 200);
  await watched.until((node) => node.blocks().length === 0, 'all blocks lost');
  const added = await addedSince(fixture);
  assert.deepEqual(
    added.filter((key) => /^(owner|ip)\//.test(key)),
    [],
  );
  assert.equal(await fixture.keys.get('block/many/198.18.0.0').string(), JSON.stringify({ free: blocks, nodes: {} }));
});
