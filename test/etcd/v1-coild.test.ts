import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EtcdIpamStore } from '../../src/store/etcd/etcd-ipam-store.ts';
import { IpamNode, type IpamNodeOptions } from '../contract/ipam-node.ts';
import { ip, soon } from '../contract/store-fixture.ts';
import { eventually } from '../e2e/eventually.ts';
import { EtcdFixture } from './etcd-fixture.ts';
import { EtcdServer } from './etcd-server.ts';
import { ourContestant, PoolContest, podOf, v1Contestant } from './pool-contest.ts';
import { V1Coild } from './v1-coild.ts';
import { readAsV1, type V1Blocks, type V1State, writeV1Blocks } from './v1-reader.ts';

const DOCUMENT = 'default/10.0.0.0';
/** Each has four addresses. */
const BLOCKS = Array.from({ length: 16 }, (_, i) => `10.0.0.${4 * i}/30`);

let server: EtcdServer;
before(async () => {
  server = await EtcdServer.start();
});
after(async () => await server[Symbol.asyncDispose]());

interface Cluster {
  readonly fixture: EtcdFixture;
  /** A node that we run. */
  ours(node: string, options?: IpamNodeOptions): Promise<IpamNode>;
  /** A node that v1 runs. */
  v1(node: string): V1Coild;
  /** All there is, as v1 reads it; it must be able to. */
  read(): Promise<V1State>;
  /** Who owns which block by our keys. */
  owners(): Promise<Record<string, string>>;
}

/** A test over a pool `default` that v1 made. */
function clusterTest(name: string, body: (cluster: Cluster) => Promise<void>): void {
  test(name, { timeout: 60_000 }, async () => {
    await using fixture = new EtcdFixture(server);
    await using nodes = new AsyncDisposableStack();
    await fixture.keys.put('pool/default').value('{"subnets":["10.0.0.0/26"],"block_size":2}');
    await fixture.keys.put('subnet/10.0.0.0').value('');
    await fixture.keys.put(`block/${DOCUMENT}`).value(writeV1Blocks({ free: BLOCKS, nodes: new Map() }));
    await body({
      fixture,
      ours: async (node, options) => {
        const store: EtcdIpamStore = await fixture.open({ documentCheckMs: 200 });
        return nodes.use(new IpamNode(store, { node, restMs: 0, ...options }));
      },
      v1: (node) => new V1Coild(fixture.etcd, { prefix: fixture.prefix, node }),
      read: async () => readAsV1(await fixture.dump()),
      owners: async () => await fixture.keys.namespace('owner/').getAll().strings(),
    });
  });
}

function documentOf({ blocks }: V1State): V1Blocks {
  return blocks.get(DOCUMENT)!;
}

/** Containers by address. */
function recorded({ addresses }: V1State): (readonly [string, string])[] {
  return [...addresses].map(([slot, { containerId }]) => {
    const [network, offset] = slot.split('/');
    const block = BLOCKS.find((candidate) => candidate.startsWith(`${network}/`))!;
    return [String(ip(block).nth(Number(offset))), containerId] as const;
  });
}

/** Each block stands once, free or with one node. */
function assertEachOnce(state: V1State): void {
  const { free, nodes } = documentOf(state);
  assert.deepEqual([...free, ...[...nodes.values()].flat()].sort(), [...BLOCKS].sort());
}

clusterTest('v1 and we use one pool at once: no block and no address twice', async (cluster) => {
  const node = ourContestant(await cluster.ours('ours', { scanIntervalMs: 20 }));
  const other = v1Contestant(cluster.v1('v1'));
  const contest = new PoolContest();
  let done = false;
  const read = async () => {
    for (; !done; ) assertEachOnce(await cluster.read());
  };
  // v1 has no lock between the look at its blocks and the allocation: its own node calls it once at a time
  const runs = [...['a', 'b', 'c'].map((name) => contest.run(node, name)), contest.run(other, 'v1')];
  const running = Promise.all(runs).finally(() => {
    done = true;
  });
  await Promise.all([running, read()]);
  assert.deepEqual(new Map([...recorded(await cluster.read())].sort()), new Map([...contest.held].sort()));
  await contest.end();
  await eventually('all blocks are free', async () => documentOf(await cluster.read()).nodes.size === 0);
  assertEachOnce(await cluster.read());
  assert.deepEqual(await cluster.owners(), {});
});

clusterTest('where the pool is used up, both are told so, and both go on', async ({ ours, v1, read }) => {
  const [node, other] = [await ours('ours', { scanIntervalMs: 100, keepSpare: false }), v1('v1')];
  const taken: string[] = [];
  for (let i = 0; i < 60; i++) taken.push((await ourContestant(node).allocate(`ours-${i}`))!);
  for (let i = 0; i < 4; i++) taken.push((await v1Contestant(other).allocate(`v1-${i}`))!);
  assert.equal(new Set(taken).size, 64);
  assert.equal(await ourContestant(node).allocate('late'), undefined);
  assert.equal(await v1Contestant(other).allocate('late'), undefined);
  assert.deepEqual(documentOf(await read()).free, []);
  await v1Contestant(other).free('v1-0', taken[60]!);
  assert.equal(await v1Contestant(other).allocate('v1-next'), taken[60]);
  for (const i of [0, 1, 2, 3]) await ourContestant(node).free(`ours-${i}`, taken[i]!);
  const given = await eventually('the block that we returned', () => v1Contestant(other).allocate('v1-from-ours'));
  assert.equal(given, taken[0]);
});

clusterTest(
  'a node that v1 ran keeps its blocks and addresses with us',
  async ({ fixture, ours, v1, read, owners }) => {
    const before = v1('node1');
    const addresses: string[] = [];
    for (let i = 0; i < 5; i++) addresses.push((await v1Contestant(before).allocate(`c${i}`))!);
    // as a node of ours left it that went back to v1
    await fixture.keys.put('owner/10.0.0.0').value('node9');
    const keys = await fixture.dump();
    const node = await ours('node1', { scanIntervalMs: 100 });
    await node.sync.ready(soon());
    assert.deepEqual(await owners(), { '10.0.0.0': 'node1', '10.0.0.4': 'node1' });
    const now = await fixture.dump();
    for (const [key, value] of Object.entries(keys)) if (!key.startsWith('owner/')) assert.equal(now[key], value, key);
    assert.deepEqual(node.exporter.exported, ['10.0.0.0/30', '10.0.0.4/30']);
    assert.equal(await ourContestant(node).allocate('c5'), '10.0.0.5');
    for (const [i, address] of [...addresses, '10.0.0.5'].entries()) await ourContestant(node).free(`c${i}`, address);
    await eventually('the blocks are returned', async () => documentOf(await read()).nodes.size === 0);
    assert.deepEqual(await owners(), {});
    assert.deepEqual(documentOf(await read()).free.slice(-2), ['10.0.0.0/30', '10.0.0.4/30']);
  },
);

clusterTest('a node of ours goes back to v1, and to us again', async ({ ours, v1, read, owners }) => {
  await using node = await ours('node1');
  const given = [await ourContestant(node).allocate('c0'), await ourContestant(node).allocate('c1')];
  assert.deepEqual(given, ['10.0.0.0', '10.0.0.1']);
  await node[Symbol.asyncDispose]();
  const back = v1('node1');
  assert.equal(await v1Contestant(back).allocate('c2'), '10.0.0.2');
  for (const address of ['10.0.0.0', '10.0.0.1', '10.0.0.2']) await v1Contestant(back).free('', address);
  assert.equal(documentOf(await read()).nodes.size, 0);
  // v1 does not know of the key: it stays, and says nothing any more
  assert.deepEqual(await owners(), { '10.0.0.0': 'node1' });
  for (let i = 0; i < 15; i++) await back.allocate('default', podOf(`x${i}`));
  const other = await ours('node2');
  for (let i = 0; i < 45; i++) await ourContestant(other).allocate(`y${i}`);
  assert.equal((await owners())['10.0.0.0'], 'node2');
  const again = await ours('node1');
  await again.sync.ready(soon());
  const { nodes } = documentOf(await read());
  assert.deepEqual([...again.blocks].sort(), [...nodes.get('node1')!].sort());
  const expected = [...nodes].flatMap(([name, blocks]) => blocks.map((block) => [block.split('/')[0], name]));
  assert.deepEqual(await owners(), Object.fromEntries(expected));
});

clusterTest("what v1's controller takes away is not given out by us any more", async ({ ours, v1, read, owners }) => {
  const node = await ours('node1');
  await ourContestant(node).allocate('c0');
  await v1('node1').release('default', '10.0.0.0/30', { force: true });
  await eventually('the block is given up', async () => node.blocks.length === 0);
  assert.deepEqual(await owners(), {});
  assert.equal((await read()).addresses.size, 0);
  assert.equal(await ourContestant(node).allocate('c1'), '10.0.0.4');
});
