import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { CoilError } from '../../src/model/error.ts';
import { IpAddress } from '../../src/model/ip-address.ts';
import type { EtcdIpamStore } from '../../src/store/etcd/etcd-ipam-store.ts';
import type { PoolBlock } from '../../src/store/ipam-store.ts';
import { IpamNode } from '../contract/ipam-node.ts';
import { ReclaimScene } from '../contract/reclaim-scene.ts';
import { allocated, assignmentOf, blockFor, fails, ip, poolOf, released, soon } from '../contract/store-fixture.ts';
import { WatchedNode } from '../contract/watched-node.ts';
import { EtcdFixture } from './etcd-fixture.ts';
import { EtcdServer } from './etcd-server.ts';

// What somebody damaged does not stop what has nothing to do with it, and is left as it is.

let server: EtcdServer;
before(async () => {
  server = await EtcdServer.start();
});
after(async () => await server[Symbol.asyncDispose]());

const BOOT = '0b7f7a3c-5d0e-4c5b-9d5e-3f8a3c1d2e4f';
const [A1, A2, A6, B] = ['block/a/10.0.0.0', 'block/a/10.0.1.0', 'block/a/fd00::', 'block/b/10.1.0.0'];

/** A test over pool `a` of three subnets, the first of which has two blocks, and pool `b` of one. */
function damageTest(name: string, body: (store: EtcdIpamStore, damage: Damage) => Promise<void>): void {
  test(name, { timeout: 60_000 }, async () => {
    await using fixture = new EtcdFixture(server);
    const store = await fixture.open();
    await store.createPool('a', poolOf(4, '10.0.0.0/27', '10.0.1.0/26', 'fd00::/122'), soon());
    await store.createPool('b', poolOf(4, '10.1.0.0/26'), soon());
    const damage = new Damage(fixture);
    await body(store, damage);
    await damage.stands();
  });
}

/** Values that cannot be read. */
class Damage {
  readonly fixture: EtcdFixture;
  readonly #sound = new Map<string, string>();
  readonly #written = new Map<string, string>();

  constructor(fixture: EtcdFixture) {
    this.fixture = fixture;
  }

  async write(key: string, value = 'no JSON'): Promise<void> {
    this.#sound.set(key, (await this.fixture.keys.get(key).string())!);
    this.#written.set(key, value);
    await this.fixture.keys.put(key).value(value);
  }

  async mend(key: string): Promise<void> {
    await this.fixture.keys.put(key).value(this.#sound.get(key)!);
    this.#written.delete(key);
  }

  async stands(): Promise<void> {
    for (const [key, value] of this.#written) assert.equal(await this.fixture.keys.get(key).string(), value, key);
  }

  /** The keys that errors name. */
  keysOf(errors: readonly CoilError[]): string[] {
    return errors.map(({ message }) => message.slice(this.fixture.prefix.length).split(': ')[0]!).sort();
  }

  /** Of an error that names the key. */
  of(key: string): RegExp {
    return new RegExp(`^${this.fixture.prefix}${key}: `);
  }
}

const texts = (blocks: readonly PoolBlock[] = []) => blocks.map(({ pool, block }) => `${pool} ${block}`).sort();

damageTest('a node that is gone loses what can be read, and the rest once that can be', async (store, damage) => {
  const unreadable: CoilError[] = [];
  for (const [pool, family] of [
    ['a', 4],
    ['a', 4],
    ['a', 4],
    ['a', 6],
    ['b', 4],
  ] as const)
    await blockFor(store, 'gone', pool, family);
  await store.writeBoot('gone', BOOT, soon());
  for (const key of [A2, 'pool/b']) await damage.write(key);
  const readable = ['a 10.0.0.0/28', 'a 10.0.0.16/28', 'a fd00::/124', 'b 10.1.0.0/28'];
  assert.deepEqual(texts((await store.listBlocks(soon(), unreadable)).get('gone')), readable);
  assert.deepEqual(damage.keysOf(unreadable.splice(0)), [A2, 'pool/b']);
  await fails(store.listBlocks(soon()), 'corrupt-data', damage.of('pool/b'));
  await fails(store.listNodeBlocks('gone', soon()), 'corrupt-data', damage.of('pool/b'));
  await fails(store.releaseNode('gone', soon()), 'corrupt-data', damage.of('pool/b'));
  assert.deepEqual(texts(await store.releaseNode('gone', soon(), unreadable)), readable);
  assert.deepEqual(damage.keysOf(unreadable.splice(0)), [A2, 'pool/b']);
  assert.equal(await store.readBoot('gone', soon()), BOOT, 'it may have addresses yet');
  for (const key of [A2, 'pool/b']) await damage.mend(key);
  assert.deepEqual(texts((await store.listBlocks(soon(), unreadable)).get('gone')), ['a 10.0.1.0/28']);
  assert.deepEqual(texts(await store.releaseNode('gone', soon(), unreadable)), ['a 10.0.1.0/28']);
  assert.equal(await store.readBoot('gone', soon()), undefined);
  assert.deepEqual(unreadable, []);
});

damageTest("a list of one node that cannot be read stops no other node's", async (store, damage) => {
  await damage.write(A2, '{"free":[],"nodes":{"bad":["10.0.1.0/28","x"],"gone":["10.0.1.16/28"]}}');
  const unreadable: CoilError[] = [];
  const owners = await store.listBlocks(soon(), unreadable);
  assert.deepEqual([[...owners.keys()], damage.keysOf(unreadable.splice(0))], [['gone'], [A2]]);
  await blockFor(store, 'bad', 'b');
  assert.deepEqual(texts(await store.releaseNode('bad', soon(), unreadable)), ['b 10.1.0.0/28']);
  assert.deepEqual(damage.keysOf(unreadable), [A2]);
});

damageTest('pools are listed without those that cannot be read, where these are asked for', async (store, damage) => {
  await damage.write('pool/b');
  const unreadable: CoilError[] = [];
  assert.deepEqual([...(await store.listPools(soon(), unreadable)).keys()], ['a']);
  assert.deepEqual(damage.keysOf(unreadable), ['pool/b']);
});

damageTest('a block that v1 acquired is adopted, whatever another pool is like', async (store, damage) => {
  const [block] = [await blockFor(store, 'node1', 'a')];
  const slots = [{ block, offset: 0 }];
  await damage.fixture.keys.delete().key('owner/10.0.0.0');
  await damage.write('pool/a');
  const add = () => store.allocate({ node: 'node1', slots, assignment: assignmentOf('c1') }, soon());
  // not that the block is another's: then the node would lose it
  await fails(add(), 'corrupt-data', damage.of('pool/a'));
  await damage.mend('pool/a');
  await damage.write('pool/b');
  allocated(await add());
});

damageTest('an address is found, whatever another pool is like', async (store, damage) => {
  const block = await blockFor(store, 'node1', 'b');
  const slots = [{ block, offset: 3 }];
  allocated(await store.allocate({ node: 'node1', slots, assignment: assignmentOf('c1') }, soon()));
  const find = (address: string) => store.findAddress(IpAddress.parse(address), soon());
  await damage.write('pool/a');
  assert.equal((await find('10.1.0.3')).assignment.containerId, 'c1');
  await fails(find('10.1.0.4'), 'address-not-found');
  await fails(find('10.0.0.4'), 'corrupt-data', damage.of('pool/a'));
});

damageTest('blocks are acquired and returned, whatever another subnet of the pool is like', async (store, damage) => {
  const unreadable: CoilError[] = [];
  const acquire = async (family: 4 | 6) =>
    String((await store.acquireBlock({ node: 'node1', pool: 'a', family }, soon(), unreadable)).block);
  await damage.write(A6);
  assert.equal(await acquire(4), '10.0.0.0/28');
  assert.deepEqual(unreadable, [], 'it was not asked for');
  await fails(acquire(6), 'corrupt-data', damage.of(A6));
  unreadable.splice(0);
  await damage.write(A2);
  assert.equal(await acquire(4), '10.0.0.16/28');
  assert.deepEqual(damage.keysOf(unreadable), [A2]);
  // it may have free ones
  await fails(acquire(4), 'corrupt-data', damage.of(A2));
  assert.equal(await released(store, 'node1', ip('10.0.0.16/28'), 'a'), 'released');
  await fails(released(store, 'node1', ip('10.0.1.0/28'), 'a'), 'corrupt-data', damage.of(A2));
  await damage.write(A1);
  await damage.mend(A2);
  assert.equal(await acquire(4), '10.0.1.0/28');
  assert.equal(await blockFor(store, 'node1', 'b').then(String), '10.1.0.0/28', B);
});

damageTest("an owner key that is no node's is set by the document, and told of", async (store, damage) => {
  const [own] = [await blockFor(store, 'node1', 'a'), await blockFor(store, 'node2', 'a')];
  await damage.fixture.keys.put('owner/10.0.0.0').value('{}');
  await damage.write('owner/10.0.0.16', 'not a name');
  await damage.fixture.keys.put('owner/10.1.0.32').value('\0');
  {
    await using watched = await WatchedNode.begin(store, 'node1');
    assert.deepEqual(watched.blocks(), [`a ${own}`]);
    const { unreadable, repaired = [] } = watched.snapshot;
    assert.deepEqual(
      [damage.keysOf(unreadable), damage.keysOf(repaired)],
      [['owner/10.0.0.16', 'owner/10.1.0.32'], ['owner/10.0.0.0']],
    );
  }
  assert.equal(await damage.fixture.keys.get('owner/10.0.0.0').string(), 'node1');
  assert.equal(await damage.fixture.keys.get('owner/10.1.0.32').string(), '\0');
});

damageTest('a node keeps a block whose owner key somebody breaks, and tells of it', async (store, { fixture }) => {
  await store.createPool('default', poolOf(4, '10.2.0.0/24'), soon());
  await using node = new IpamNode(store);
  await node.sync.ready(soon());
  const add = async (containerId: string) =>
    (
      await node.ipam.allocate({ containerId, ifname: 'eth0', namespace: 'default', pod: containerId }, soon())
    ).addresses.join();
  assert.equal(await add('c1'), '10.2.0.0');
  await fixture.keys.put('owner/10.2.0.0').value('{"node":"node1"}');
  const told = () =>
    node.logger.records.filter(({ message }) => message.startsWith('a value in the datastore could not be read'));
  for (const limit = soon(); told().length === 0; await new Promise(setImmediate)) limit.throwIfAborted();
  assert.match(String(told()[0]!.fields.error), /owner\/10\.2\.0\.0: /);
  assert.equal(await fixture.keys.get('owner/10.2.0.0').string(), 'node1');
  assert.equal(await add('c2'), '10.2.0.1');
  assert.ok(!node.logger.messages.includes("a block is not this node's any more"));
});

damageTest(
  'a boot that cannot be read is no reboot: nothing is freed, and it is told of and written anew',
  async (store, damage) => {
    await store.createPool('default', poolOf(4, '10.2.0.0/24'), soon());
    await using scene = new ReclaimScene(store);
    await scene.node.sync.ready(soon());
    scene.bootId = BOOT;
    await scene.add({ container: 'a' });
    scene.lose({ container: 'a' });
    for (const value of ['', 'no boot', BOOT.slice(1), `${BOOT}\n`]) {
      await damage.fixture.keys.put('boot/node1').value(value);
      await scene.boot.run(scene.attachments, soon());
      assert.deepEqual([scene.recorded, scene.decisions], [['10.2.0.0 a'], []]);
      const { message, fields } = scene.logger.records.at(-1)!;
      assert.match(message, /^the last boot of this node cannot be read; nothing is freed/);
      assert.match((fields.error as Error).message, damage.of('boot/node1'));
      assert.equal(await damage.fixture.keys.get('boot/node1').string(), BOOT);
    }
  },
);

damageTest('a term that somebody writes over ends, and its coild begins another', async (_admin, { fixture }) => {
  const store = await fixture.open({ node: 'node1' });
  const block = await blockFor(store, 'node1', 'a');
  for (const offset of [0, 1]) {
    const slots = [{ block, offset }];
    allocated(await store.allocate({ node: 'node1', slots, assignment: assignmentOf(`c${offset}`) }, soon()));
    await fixture.keys.put('term/node1').value('no term');
  }
  const free = await store.listAddresses(block, soon());
  assert.equal((await store.free(free, soon())).outcome, 'freed');
  assert.match((await fixture.keys.get('term/node1').string())!, /^[0-9a-f]{8}-/);
});
