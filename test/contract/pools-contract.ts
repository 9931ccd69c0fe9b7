import assert from 'node:assert/strict';
import { BlockAssignment } from '../../src/model/block-assignment.ts';
import { dump, fails, ip, poolOf, type StoreSetup, soon, storeTest } from './store-fixture.ts';

/** Pools and subnets: what `coilctl pool` rests on. */
export function poolsContract(setup: StoreSetup): void {
  storeTest(setup, 'a pool that was created is read by another client, all its blocks free', async (store, fixture) => {
    await using other = await fixture.open();
    const pool = poolOf(4, '10.0.0.0/24', '2001:db8::/120');
    await store.createPool('default', pool, soon());
    assert.deepEqual((await other.getPool('default', soon())).toJSON(), pool.toJSON());
    for (const subnet of pool.subnets) {
      assert.deepEqual(
        (await other.getBlockAssignment('default', subnet, soon())).toJSON(),
        BlockAssignment.empty(pool, subnet).toJSON(),
      );
    }
  });

  storeTest(setup, 'pools are listed in the order of their names', async (store) => {
    for (const [i, name] of ['web', 'default', 'web-2', '0dd'].entries())
      await store.createPool(name, poolOf(0, `10.0.${i}.0/28`), soon());
    const pools = await store.listPools(soon());
    assert.deepEqual([...pools.keys()], ['0dd', 'default', 'web', 'web-2']);
    assert.equal(pools.get('web')?.subnets.join(), '10.0.0.0/28');
  });

  storeTest(setup, 'there is nothing in an empty datastore', async (store) => {
    assert.equal((await store.listPools(soon())).size, 0);
    assert.equal((await store.listBlocks(soon())).size, 0);
    assert.deepEqual(await store.listNodeBlocks('node1', soon()), []);
    assert.deepEqual(await store.listAddresses(ip('10.0.0.0/28'), soon()), []);
    assert.deepEqual(await store.releaseNode('node1', soon()), []);
  });

  storeTest(setup, 'a pool is created once, whatever its subnets are', async (store) => {
    await store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
    const before = await dump(store);
    await fails(
      store.createPool('default', poolOf(5, '10.9.0.0/24'), soon()),
      'pool-exists',
      /^pool already exists.*default/,
    );
    await fails(store.createPool('default', poolOf(4, '10.0.0.0/24'), soon()), 'pool-exists');
    assert.equal(await dump(store), before);
  });

  for (const [what, first, second] of [
    ['the same network', '10.0.0.0/20', '10.0.0.0/20'],
    ['a network inside of one', '10.0.0.0/16', '10.0.1.0/24'],
    ['a network around one', '10.0.1.0/24', '10.0.0.0/16'],
    ['a network around one, of the same address', '10.0.0.0/24', '10.0.0.0/16'],
    ['an IPv6 network inside of one', '2001:db8::/112', '2001:db8::4200/120'],
    ['an IPv6 network around one', '2001:db8::4200/120', '2001:db8::/112'],
  ] as const) {
    storeTest(setup, `${what} is not given to another pool, nor added to one`, async (store) => {
      await store.createPool('first', poolOf(4, '192.0.2.0/24'), soon());
      await store.addSubnet('first', ip('198.51.100.0/24'), soon());
      await store.createPool('taken', poolOf(8, first), soon());
      const before = await dump(store);
      const message = new RegExp(`^subnet in use: ${second} overlaps ${first} of pool taken`);
      await fails(store.createPool('other', poolOf(8, '172.16.0.0/16', second), soon()), 'subnet-in-use', message);
      const size = second.includes(':') || second.endsWith('/16') ? 8 : 4;
      await store.createPool('third', poolOf(size, '203.0.113.0/24'), soon());
      await fails(store.addSubnet('third', ip(second), soon()), 'subnet-in-use', message);
      assert.deepEqual([...(await store.listPools(soon())).keys()], ['first', 'taken', 'third']);
      const lines = (await dump(store)).split('\n').filter((line) => !/ third /.test(line));
      assert.equal(lines.join('\n'), before);
    });
  }

  storeTest(setup, 'a subnet is added at the end, with all its blocks free', async (store) => {
    await store.createPool('default', poolOf(4, '10.1.0.0/24'), soon());
    await store.addSubnet('default', ip('10.0.0.0/28'), soon());
    await store.addSubnet('default', ip('2001:db8::/124'), soon());
    const pool = await store.getPool('default', soon());
    assert.equal(pool.subnets.join(), '10.1.0.0/24,10.0.0.0/28,2001:db8::/124');
    const blocks = await store.getBlockAssignment('default', ip('10.0.0.0/28'), soon());
    assert.deepEqual(blocks.toJSON(), { free: ['10.0.0.0/28'], nodes: {} });
  });

  storeTest(setup, 'what is not there is said not to be there', async (store) => {
    await fails(store.getPool('nope', soon()), 'pool-not-found', /not found.*nope|nope.*not found/);
    await fails(store.addSubnet('nope', ip('10.0.0.0/24'), soon()), 'pool-not-found', /nope/);
    await fails(store.getBlockAssignment('nope', ip('10.0.0.0/24'), soon()), 'pool-not-found', /nope/);
    await store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
    for (const subnet of ['10.0.1.0/24', '10.0.0.0/25', '10.0.0.0/23'])
      await fails(store.getBlockAssignment('default', ip(subnet), soon()), 'subnet-not-found', new RegExp(subnet));
  });

  storeTest(setup, 'bad input changes nothing', async (store) => {
    await store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
    const before = await dump(store);
    for (const name of ['', 'a/b', 'Upper', '../x', '-x', 'a b', 'a\n'])
      await fails(store.createPool(name, poolOf(4, '10.1.0.0/24'), soon()), 'invalid-argument');
    for (const pool of [poolOf(4), poolOf(9, '10.1.0.0/24'), poolOf(0, '10.8.0.0/16'), poolOf(-1, '10.1.0.0/24')])
      await fails(store.createPool('bad', pool, soon()), 'invalid-argument');
    await fails(store.createPool('bad', poolOf(4, '10.1.0.0/24', '10.1.0.0/25'), soon()), 'subnet-in-use');
    await fails(store.addSubnet('default', ip('10.1.0.0/30'), soon()), 'invalid-argument', /too large block size/);
    await fails(store.addSubnet('default', ip('172.16.0.0/12'), soon()), 'invalid-argument', /too small block size/);
    for (const special of [
      '0.0.0.0/24',
      '127.0.0.0/24',
      '169.254.1.0/24',
      '224.0.0.0/24',
      'fe80::/120',
      'ff02::/120',
    ]) {
      const message = new RegExp(`^invalid subnet: ${special} has `);
      await fails(store.createPool('bad', poolOf(4, '10.1.0.0/24', special), soon()), 'invalid-argument', message);
      await fails(store.addSubnet('default', ip(special), soon()), 'invalid-argument', message);
    }
    assert.equal(await dump(store), before);
  });

  storeTest(
    setup,
    'of pools that overlap, created at once by several clients, one comes to be',
    async (store, fixture) => {
      await using other = await fixture.open();
      const networks = ['10.0.0.0/16', '10.0.0.0/20', '10.0.16.0/20', '10.0.0.0/24', '10.0.0.0/16', '10.0.16.0/24'];
      const results = await Promise.allSettled(
        networks.map((network, i) => (i % 2 ? store : other).createPool(`p${i}`, poolOf(8, network), soon())),
      );
      for (const result of results) if (result.status === 'rejected') assert.equal(result.reason.code, 'subnet-in-use');
      const subnets = [...(await store.listPools(soon())).values()].flatMap((pool) => pool.subnets);
      assert.equal(subnets.length, results.filter((result) => result.status === 'fulfilled').length);
      assert.ok(subnets.length > 0);
      for (const a of subnets) for (const b of subnets) assert.ok(a === b || !a.overlaps(b), `${a} overlaps ${b}`);
    },
  );

  storeTest(setup, 'subnets added to one pool at once by several clients are all there', async (store, fixture) => {
    await using other = await fixture.open();
    await store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
    const added = Array.from({ length: 8 }, (_, i) => ip(`10.0.${i + 1}.0/24`));
    await Promise.all(added.map((subnet, i) => (i % 2 ? store : other).addSubnet('default', subnet, soon())));
    const { subnets } = await store.getPool('default', soon());
    assert.deepEqual(subnets.map(String).sort(), ['10.0.0.0/24', ...added.map(String)].sort());
    for (const subnet of subnets) await store.getBlockAssignment('default', subnet, soon());
  });
}
