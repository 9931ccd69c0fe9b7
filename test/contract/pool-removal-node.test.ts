import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CoilError } from '../../src/model/error.ts';
import { eventually } from '../e2e/eventually.ts';
import { EtcdFixture } from '../etcd/etcd-fixture.ts';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { podOf } from '../etcd/pool-contest.ts';
import { IpamNode } from './ipam-node.ts';
import { SqliteFixture } from './sqlite-fixture.ts';
import { dump, fails, ip, poolOf, type StoreFixture, soon } from './store-fixture.ts';

// A coild that runs while a pool goes, and knows it from before.

let server: EtcdServer;
before(async () => {
  server = await EtcdServer.start();
});
after(async () => await server[Symbol.asyncDispose]());

const SETUPS: Readonly<Record<string, () => StoreFixture>> = {
  sqlite: () => new SqliteFixture(),
  etcd: () => new EtcdFixture(server),
};

const allocate = async ({ ipam }: IpamNode, namespace: string, containerId: string) =>
  String((await ipam.allocate({ ...podOf(containerId), namespace, ifname: 'eth0' }, soon())).addresses);

for (const [name, setup] of Object.entries(SETUPS)) {
  describe(`a running node over ${name}`, () => {
    test('takes the default pool once that of the namespace is gone, and a new one again', async () => {
      await using fixture = setup();
      await using store = await fixture.open();
      await store.createPool('default', poolOf(2, '10.0.0.0/28'), soon());
      await store.createPool('web', poolOf(2, '10.1.0.0/28'), soon());
      await using node = new IpamNode(await fixture.open(), { scanIntervalMs: 100_000 });
      assert.equal(await allocate(node, 'web', 'a'), '10.1.0.0');
      await fails(store.deletePool('web', soon()), 'pool-in-use', /node1 owns 10\.1\.0\.0\/30/);
      await node.ipam.release({ containerId: 'a' }, soon());
      node.skip(100_000);
      await node.keeper.returnEmpty(100_000, soon());
      await store.deletePool('web', soon());
      await eventually('the pool gone', async () => !node.state.pools.has('web'));
      assert.deepEqual(node.exporter.exported, []);
      assert.equal(await allocate(node, 'web', 'b'), '10.0.0.0');
      await store.createPool('web', poolOf(3, '10.1.0.0/28'), soon());
      await eventually('the pool', async () => node.state.pools.has('web'));
      assert.equal(await allocate(node, 'web', 'c'), '10.1.0.0');
      assert.deepEqual(node.exporter.exported, ['10.0.0.0/30', '10.1.0.0/29']);
    });

    test('takes addresses of what is left when a subnet goes', async () => {
      await using fixture = setup();
      await using store = await fixture.open();
      await store.createPool('default', poolOf(2, '10.0.0.0/28', '2001:db8::/124', '10.1.0.0/28'), soon());
      await using node = new IpamNode(await fixture.open());
      await eventually('the pool', async () => node.state.pools.has('default'));
      await store.removeSubnet('default', ip('10.0.0.0/28'), soon());
      await store.removeSubnet('default', ip('2001:db8::/124'), soon());
      const subnets = () => node.state.pools.get('default')?.subnets.join();
      await eventually('the subnet that is left', async () => subnets() === '10.1.0.0/28');
      assert.equal(await allocate(node, 'default', 'a'), '10.1.0.0');
    });

    test('that has not heard of it yet gets an error, and changes nothing', async () => {
      await using fixture = setup();
      await using store = await fixture.open();
      await store.createPool('default', poolOf(2, '10.0.0.0/28'), soon());
      for (let round = 0; round < 20; round++) {
        await store.createPool('web', poolOf(2, '10.1.0.0/28'), soon());
        await using node = new IpamNode(await fixture.open());
        await eventually('the pool', async () => node.state.pools.has('web'));
        const [removed, address] = await Promise.all([
          store.deletePool('web', soon()).then(() => 'gone', codeOf),
          allocate(node, 'web', 'a').catch(codeOf),
        ]);
        if (removed === 'gone') {
          assert.ok(['pool-not-found', 'out-of-addresses', '10.0.0.0'].includes(address), address);
          assert.deepEqual(node.exporter.exported, address === '10.0.0.0' ? ['10.0.0.0/30'] : []);
        } else assert.deepEqual([removed, address], ['pool-in-use', '10.1.0.0']);
        await store.releaseNode('node1', soon());
        if (removed !== 'gone') await store.deletePool('web', soon());
        assert.doesNotMatch(await dump(store), /web|node1/);
      }
    });
  });
}

function codeOf(error: unknown): string {
  return CoilError.is(error) ? error.code : String(error);
}
