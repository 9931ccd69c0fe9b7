import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { readAsV1 } from '../etcd/v1-reader.ts';
import { needsRoot, type TestNetns } from '../kernel/kernel-fixture.ts';
import { announcements } from '../kernel/netlink-monitor.ts';
import { eventually } from './eventually.ts';
import { podLinks } from './kernel-state.ts';
import { addressesOf, Sandbox } from './sandbox.ts';
import { UdpFlow } from './udp-flow.ts';
import { launcherOn, table119, V1_BLOCKS, V1_TABLE_119, V1Node } from './v1-node.ts';
import { V1_NETCONF } from './v1-plugin.ts';

const FLAGS = ['--scan-interval=200ms'];
/** For two looks at empty blocks, in which nothing must happen. */
const SCANS_MS = 500;
/** Fewer would mean that nothing was sent most of the time. */
const MIN_SENT = 200;
/** While one Pod is left: the block of web-16. */
const TABLE_119_AFTER = V1_TABLE_119.replace(/^(?!10\.64\.).*\n/gm, '');

let server: EtcdServer;
before(async () => {
  if (needsRoot) return;
  server = await EtcdServer.start();
});
after(async () => await server?.[Symbol.asyncDispose]());

describe('a node is moved from v1 to us in place', { skip: needsRoot, concurrency: 1 }, () => {
  let v1: V1Node;
  let keys: Readonly<Record<string, string>>;
  before(async () => {
    v1 = await V1Node.create(server);
    keys = await v1.datastore.fixture.dump();
  });
  after(() => v1?.[Symbol.asyncDispose]());

  test('what stands on the node is what v1 makes', async () => {
    assert.equal(await table119(v1.node), V1_TABLE_119);
    const { sandbox, address } = v1.pod('web-16');
    const route = await v1.node.netns.ip(`route show dev ${sandbox.hostLink}`);
    assert.equal(route.trim(), `${address} scope link`);
    assert.doesNotMatch(await v1.node.netns.ip(`link show ${sandbox.hostLink}`), /alias/);
  });

  test('coild takes over, and is restarted: no packet is lost, and nothing in the kernel changes', async () => {
    const [from, to] = [v1.pod('web-16'), v1.pod('edge-0')];
    const { netns } = v1.node;
    await using stack = new AsyncDisposableStack();
    const target = { netns: to.sandbox.netns, address: to.address };
    const flows = [
      stack.use(await UdpFlow.start(from.sandbox.netns, target)),
      stack.use(await UdpFlow.start(netns, { netns: from.sandbox.netns, address: from.address })),
    ];
    const changes = await allAnnouncements([netns, from.sandbox.netns, to.sandbox.netns], async () => {
      await takeOver(v1);
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        v1.node.coild.signal(signal);
        await v1.node.coild.ended();
        await takeOver(v1);
      }
    });
    assert.deepEqual(changes, []);
    for (const flow of flows) {
      const { sent, lost } = await flow.stop();
      assert.deepEqual(lost, []);
      assert.ok(sent > MIN_SENT, `only ${sent} datagrams were sent`);
    }
  });

  test('etcd has nothing new but the owners of its blocks, which coild serves the node, in which boot and term', async () => {
    const { 'node/node1': session, 'boot/node1': boot, 'term/node1': term, ...now } = await v1.datastore.fixture.dump();
    const owners = V1_BLOCKS.map((block) => [`owner/${block.split('/')[0]}`, 'node1']);
    assert.deepEqual(now, { ...keys, ...Object.fromEntries(owners) });
    assert.equal(JSON.parse(session!).boot_id, boot);
    assert.match(term!, /^[0-9a-f-]{36}$/);
  });

  test('CHECK finds its Pods in order, with what v1 answered to ADD, and changes nothing', async () => {
    const before = await v1.node.dump();
    for (const { sandbox, address } of v1.pods) {
      const interfaces = [{ name: sandbox.hostLink }, { name: 'eth0', sandbox: sandbox.netns.path }];
      const ips = [{ version: '4', interface: 1, address: `${address}/32` }];
      const prevResult = { cniVersion: '0.3.1', interfaces, ips, dns: {} };
      await sandbox.succeed('CHECK', { netconf: { ...V1_NETCONF, cniVersion: '0.4.0', prevResult } });
    }
    assert.deepEqual(await v1.node.dump(), before);
  });

  test("DEL by our plugin, with v1's network configuration, leaves nothing of a Pod", async () => {
    for (const { sandbox, address } of v1.pods.slice(1)) {
      await sandbox.del({ netconf: V1_NETCONF });
      assert.equal(await v1.node.netns.ip(`route show ${address}`), '');
      // kubelet asks more than once
      await sandbox.del({ netconf: V1_NETCONF });
    }
    const [kept] = v1.pods;
    await eventually('the links are gone', async () => (await podLinks(v1.node.netns)).length === 1);
    assert.deepEqual(await podLinks(v1.node.netns), [kept!.sandbox.hostLink]);
    const { addresses } = readAsV1(await v1.datastore.fixture.dump());
    const left = [...addresses].filter(([slot]) => V1_BLOCKS.some((block) => block.startsWith(slot.split('/')[0]!)));
    assert.deepEqual(
      left.map(([slot, { containerId }]) => [slot, containerId]),
      [['10.64.0.16/0', kept!.sandbox.containerId]],
    );
  });

  test('empty blocks are returned, at the end of the free list', async () => {
    const owned = async () => Object.keys(await v1.datastore.fixture.keys.namespace('owner/').getAll().strings());
    await eventually('one block is left', async () => (await owned()).length === 1);
    assert.deepEqual(await owned(), ['10.64.0.16']);
    assert.equal(await table119(v1.node), TABLE_119_AFTER);
    const now = await v1.datastore.fixture.dump();
    assert.equal(now['block/single/192.0.2.7'], '{"free":["192.0.2.7/32"],"nodes":{}}');
    assert.deepEqual(readAsV1(now).blocks.get('dmz/203.0.113.0')?.free.at(-1), '203.0.113.0/30');
  });

  test("ADD of a new Pod, with v1's network configuration, gives an address of a block that v1 acquired", async () => {
    const { netns } = v1.node;
    const sandbox = await Sandbox.create(v1.node, launcherOn(v1.node), { namespace: 'default', pod: 'new' });
    const [address = ''] = addressesOf(await sandbox.add({ netconf: V1_NETCONF }));
    assert.match(address, /^10\.64\.0\.(1[6-9]|2\d|3[01])$/);
    await using flow = await UdpFlow.start(v1.pod('web-16').sandbox.netns, { netns: sandbox.netns, address });
    assert.deepEqual((await flow.stop()).lost, []);
    await sandbox.del({ netconf: V1_NETCONF });
    await v1.pod('web-16').sandbox.del({ netconf: V1_NETCONF });
    await eventually('the links are gone', async () => (await podLinks(netns)).length === 0);
    const document = async () => readAsV1(await v1.datastore.fixture.dump()).blocks.get('default/10.64.0.0')!;
    await eventually('the block is returned', async () => !(await document()).nodes.has('node1'));
    assert.equal((await document()).free.at(-1), '10.64.0.16/28');
    assert.equal(await table119(v1.node), '');
  });
});

/** Starts coild, and waits until it has done what it does at its start. */
async function takeOver({ node }: V1Node): Promise<void> {
  const coild = await node.startCoild(...FLAGS);
  const { blocks, addresses } = await coild.logged('read the state of this node');
  assert.deepEqual({ blocks, addresses }, { blocks: V1_BLOCKS.length, addresses: 7 });
  await delay(SCANS_MS);
  assert.ok(!coild.log.some(({ message }) => message === 'exported blocks'), coild.output);
}

/** What the kernel announces in any of the namespaces while `action` runs. */
async function allAnnouncements(
  [first, ...rest]: readonly TestNetns[],
  action: () => Promise<void>,
): Promise<string[]> {
  if (first === undefined) {
    await action();
    return [];
  }
  const inner: string[] = [];
  const outer = await announcements(first, async () => void inner.push(...(await allAnnouncements(rest, action))));
  return [...outer, ...inner];
}
