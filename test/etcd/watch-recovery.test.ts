import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { IpamStore } from '../../src/store/ipam-store.ts';
import { IpamNode, overriding } from '../contract/ipam-node.ts';
import { allocated, assignmentOf, poolOf, soon } from '../contract/store-fixture.ts';
import { eventually } from '../e2e/eventually.ts';
import { restoreBackup, saveBackup } from './etcd-backup.ts';
import { EtcdFixture } from './etcd-fixture.ts';
import { EtcdServer } from './etcd-server.ts';
import { TcpProxy } from './tcp-proxy.ts';

const QUICK = { requestTimeoutMs: 1500, dialTimeoutMs: 500, keepaliveMs: 500, maxWaitingChanges: 20 };
const LOST = 'lost the watch of the datastore; beginning anew';
const TEST_MS = 60_000;

/** A node that follows etcd through a proxy, and a way around it. */
interface Scene {
  readonly server: EtcdServer;
  readonly fixture: EtcdFixture;
  readonly proxy: TcpProxy;
  readonly node: IpamNode;
  readonly direct: IpamStore;
  /** While it is held, the node takes no change that it is told. */
  readonly consumer: { hold(): void; release(): void };
}

/** What goes wrong with the watch while `change` is called, more than once where that tells more. */
const CASES: Readonly<Record<string, (scene: Scene, change: () => Promise<void>) => Promise<void>>> = {
  'a connection that is dropped': async ({ proxy }, change) => {
    for (let i = 0; i < 5; i++) {
      const changing = change();
      proxy.cut();
      await changing;
    }
  },
  'a connection that is silent, half open': async ({ proxy, node }, change) => {
    const watches = lost(node);
    proxy.silence();
    await change();
    // nobody tells that it is gone
    await eventually('the silence is noticed', async () => lost(node) > watches);
    proxy.silence({ requests: false, answers: false });
  },
  'history that was compacted while the node was cut off': async ({ proxy, fixture }, change) => {
    await proxy.refuse();
    await change();
    await compact(fixture);
    await proxy.accept();
  },
  'history that is compacted while the node follows': async ({ fixture }, change) => {
    for (let i = 0; i < 3; i++) {
      await change();
      await compact(fixture);
    }
  },
  'a consumer that is too slow': async ({ consumer, node }, change) => {
    const watches = lost(node);
    consumer.hold();
    // of pools and owners alone these are 20 and more
    for (let i = 0; i < 10; i++) await change();
    consumer.release();
    await eventually('the watch is given up', async () => lost(node) > watches);
  },
  'an etcd that is killed': async ({ server }, change) => {
    await change();
    await server.member.kill();
    await server.member.start();
    await change();
  },
  'an etcd that is restored from a backup': async ({ server, fixture }, change) => {
    const backup = await saveBackup(server);
    for (let i = 0; i < 3; i++) await change();
    const before = await revision(fixture);
    await restoreBackup(server, backup);
    assert.ok((await revision(fixture)) < before, 'revisions go backwards');
  },
  'an etcd that is restored from a backup, and has overtaken itself': async ({ server, fixture, proxy }, change) => {
    const backup = await saveBackup(server);
    await change();
    const before = await revision(fixture);
    await proxy.refuse();
    await restoreBackup(server, backup);
    do await change();
    while ((await revision(fixture)) <= before);
    await proxy.accept();
  },
};

describe('the state of a node is that of etcd again after', { concurrency: 1 }, () => {
  for (const [name, disturb] of Object.entries(CASES)) {
    test(name, { timeout: TEST_MS }, async () => {
      await using server = await EtcdServer.start('--grpc-keepalive-min-time=250ms');
      await using fixture = new EtcdFixture(server);
      await using proxy = await TcpProxy.to(server);
      const direct = await fixture.open();
      await direct.createPool('default', poolOf(2, '10.0.0.0/24'), soon());
      let held = Promise.resolve();
      let release = () => {};
      const consumer = {
        hold: () => {
          const { promise, resolve } = Promise.withResolvers<void>();
          held = promise;
          release = resolve;
        },
        release: () => release(),
      };
      const behind = await fixture.open({ endpoints: [proxy.url], ...QUICK });
      const slow = overriding(behind, {
        watchNode: async function* (...args) {
          for await (const change of behind.watchNode(...args)) {
            await held;
            yield change;
          }
        },
      });
      await using node = new IpamNode(slow, { restMs: 0 });
      for (let i = 0; i < 6; i++) await node.ipam.allocate(requestOf(`before-${i}`), soon());
      await isAsEtcd(node, direct);

      await disturb({ server, fixture, proxy, node, direct, consumer }, () => changeAll(direct));
      await isAsEtcd(node, direct);

      // it follows again, and its own changes are not taken for old news
      await changeAll(direct);
      await isAsEtcd(node, direct);
      for (let i = 0; i < 6; i++) await node.ipam.allocate(requestOf(`after-${i}`), soon());
      await node.ipam.release({ containerId: 'after-0' }, soon());
      await isAsEtcd(node, direct);
      assert.equal((await node.ipam.find({ containerId: 'after-1' }, soon()))?.addresses.length, 1);
    });
  }
});

let changes = 0;

/** Changes pools, the node's blocks and its addresses behind its back, as another coild of that name would. */
async function changeAll(store: IpamStore): Promise<void> {
  const id = ++changes;
  await store.createPool(`pool-${id}`, poolOf(0, `10.${id}.0.0/24`), soon());
  const acquired = await store.acquireBlock({ node: 'node1', pool: `pool-${id}`, family: 4 }, soon());
  const { block } = await store.acquireBlock({ node: 'node1', pool: 'default', family: 4 }, soon());
  const slots = [0, 1, 2].map((offset) => ({ block, offset }));
  const records = [];
  for (const slot of slots) {
    const assignment = assignmentOf(`c-${id}-${slot.offset}`);
    records.push(...allocated(await store.allocate({ node: 'node1', slots: [slot], assignment }, soon())));
  }
  await store.free(records.slice(1), soon());
  const [oldest] = (await store.listBlocks(soon())).get('node1') ?? [];
  const old = oldest && (await store.listAddresses(oldest.block, soon()));
  if (old && old.length > 0) await store.free(old.slice(0, 1), soon());
  if (id % 2 === 0) await store.releaseBlock('node1', acquired, soon());
}

/** Compares all that the node knows with all that there is. */
async function isAsEtcd(node: IpamNode, direct: IpamStore): Promise<void> {
  const same = async () => node.sync.isFresh && isDeepStrictEqual(known(node), await there(direct));
  await eventually('the node knows what is in etcd', same, 15_000).catch(async (error) => {
    assert.deepEqual(known(node), await there(direct), `${error}; ${node.logger.messages.join('; ')}`);
    throw error;
  });
}

function known({ state }: IpamNode): readonly string[] {
  return [
    ...[...state.pools].map(([name, { subnets, blockSize }]) => `pool ${name} ${subnets} ${blockSize}`),
    ...state.blocks.map(({ pool, block }) => `block ${block} of ${pool}`),
    ...state.records.map(({ block, offset, revision, assignment }) => {
      return `address ${block.nth(offset)} of ${assignment.containerId} since ${revision}`;
    }),
  ].sort();
}

async function there(store: IpamStore): Promise<readonly string[]> {
  const blocks = (await store.listBlocks(soon())).get('node1') ?? [];
  const records = (await Promise.all(blocks.map(({ block }) => store.listAddresses(block, soon())))).flat();
  const pools = await store.listPools(soon());
  return [
    ...[...pools].map(([name, { subnets, blockSize }]) => `pool ${name} ${subnets} ${blockSize}`),
    ...blocks.map(({ pool, block }) => `block ${block} of ${pool}`),
    ...records.map(({ block, offset, revision: since, assignment }) => {
      return `address ${block.nth(offset)} of ${assignment.containerId} since ${since}`;
    }),
  ].sort();
}

function lost({ logger }: IpamNode): number {
  return logger.messages.filter((message) => message === LOST).length;
}

async function revision({ etcd }: EtcdFixture): Promise<number> {
  return Number((await etcd.kv.range({ key: Buffer.from('x') })).header.revision);
}

async function compact(fixture: EtcdFixture): Promise<void> {
  await fixture.etcd.kv.compact({ revision: String(await revision(fixture)), physical: true });
}

function requestOf(containerId: string) {
  return { containerId, ifname: 'eth0', namespace: 'ns', pod: `pod-${containerId}` };
}
