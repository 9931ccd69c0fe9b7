import assert from 'node:assert/strict';
import { AddressPool } from '../../src/model/address-pool.ts';
import { CoilError } from '../../src/model/error.ts';
import { abortable } from '../../src/process/abortable.ts';
import type { IpamStore } from '../../src/store/ipam-store.ts';
import { overriding } from '../contract/ipam-node.ts';
import { SqliteFixture } from '../contract/sqlite-fixture.ts';
import { assignmentOf, fails, ip, poolOf, soon } from '../contract/store-fixture.ts';
import { add, agrees, del, known, type OfflineNode, offlineTest, pod, until } from './offline-fixture.ts';

const BLOCK = ip('10.0.0.0/30');

/** `ADDRESS CONTAINER REASON` of each Pod that lost its address. */
const lost = ({ store }: OfflineNode) =>
  store.status.lost.map(
    ({ record, reason }) => `${record.block.nth(record.offset)} ${record.assignment.containerId}: ${reason}`,
  );
const errors = ({ logger }: OfflineNode) => logger.records.filter(({ level }) => level === 'error');

/** Assigns an address behind the node's back. */
async function give(store: IpamStore, offset: number, containerId: string): Promise<void> {
  const request = { node: 'node1', slots: [{ block: BLOCK, offset }], assignment: assignmentOf(containerId) };
  assert.equal((await store.allocate(request, soon())).outcome, 'allocated');
}

async function take(store: IpamStore, offset: number): Promise<void> {
  const found = (await store.listAddresses(BLOCK, soon())).filter((record) => record.offset === offset);
  assert.equal((await store.free(found, soon())).outcome, 'freed');
}

offlineTest('an address that another got meanwhile stays the other’s, and the Pod is reported', async (setup) => {
  const { remote, store, start } = setup;
  const node = await start();
  await add(node, 'a');
  remote.fail('down');
  assert.deepEqual(await add(node, 'b'), ['10.0.0.1']);
  await give(store, 1, 'alien');
  remote.restore();
  await agrees(setup, node, ['10.0.0.0 a', '10.0.0.1 alien']);
  assert.deepEqual(lost(node), ['10.0.0.1 b: it is assigned to another']);
  assert.deepEqual(
    errors(node).map(({ message, fields }) => [message, fields.pod, fields.address]),
    [['a Pod lives with an address that is not its own any more; delete it', 'pod-b', '10.0.0.1']],
  );
  node.store.detached({ containerId: 'b', ifname: 'eth0' });
  assert.deepEqual(lost(node), []);
});

offlineTest('a slot that is taken while the change is on its way is found by its transaction', async (setup) => {
  const { store, start, remote } = setup;
  let isFirst = true;
  const late = overriding(remote.store, {
    allocate: async (request, signal) => {
      if (request.assignment.containerId === 'b' && !node.store.status.outage)
        throw new CoilError('store-unavailable', 'lost');
      if (request.assignment.containerId === 'b' && isFirst) {
        isFirst = false;
        await give(store, 1, 'alien');
      }
      return await store.allocate(request, signal);
    },
  });
  const node: OfflineNode = await start({ remote: late });
  await add(node, 'a');
  assert.deepEqual(await add(node, 'b'), ['10.0.0.1']);
  await agrees(setup, node, ['10.0.0.0 a', '10.0.0.1 alien']);
  assert.deepEqual(lost(node), ['10.0.0.1 b: it is assigned to another']);
});

offlineTest('of two addresses of a Pod, one that another got is lost, and the other one told', async (setup) => {
  const { store, fixture, start, remote } = setup;
  await store.createPool('dual', new AddressPool([ip('10.1.0.0/30'), ip('fd00::/126')], 2), soon());
  const dual = pod('b', { namespace: 'dual' });
  let isFirst = true;
  const late = overriding(remote.store, {
    allocate: async (request, signal) => {
      if (isFirst && request.slots.length === 2 && !node.store.status.outage) {
        isFirst = false;
        throw new CoilError('store-unavailable', 'lost');
      }
      if (request.slots.length === 2) {
        const { block } = request.slots[1]!;
        fixture.query(`INSERT OR IGNORE INTO address VALUES ('${block}', 0, '{"pod":7}', 1)`);
      }
      return await store.allocate(request, signal);
    },
  });
  const node: OfflineNode = await start({ remote: late, keepSpare: false });
  const { addresses } = await node.node.ipam.allocate(dual, soon());
  assert.deepEqual(addresses.map(String), ['10.1.0.0', 'fd00::']);
  await until(() => !node.store.isOffline, 'the datastore is back');
  assert.deepEqual(lost(node), ['fd00:: b: it is assigned to another']);
  assert.equal((await store.findAddress(ip('10.1.0.0/32').address, soon())).assignment.containerId, 'b');
});

offlineTest('what the datastore has recorded meanwhile after all is the same, and not lost', async (setup) => {
  const { store, start, remote } = setup;
  const late = overriding(remote.store, {
    allocate: async (request, signal) => {
      const isB = request.assignment.containerId === 'b';
      if (isB && !node.store.isOffline) throw new CoilError('store-unavailable', 'lost');
      // the call that was given up
      if (isB) await store.allocate(request, signal);
      return await store.allocate(request, signal);
    },
  });
  const node: OfflineNode = await start({ remote: late });
  assert.deepEqual(await add(node, 'a', 'b'), ['10.0.0.0', '10.0.0.1']);
  await agrees(setup, node, ['10.0.0.0 a', '10.0.0.1 b']);
  assert.deepEqual(lost(node), []);
});

offlineTest(
  'a Pod that goes while the datastore is told of it is not reported, whoever has its address then',
  async (setup) => {
    const { store, start, remote } = setup;
    const late = overriding(remote.store, {
      allocate: async (request, signal) => {
        if (request.assignment.containerId === 'b') {
          assert.deepEqual(await del(node, 'b'), ['10.0.0.2']);
          await give(store, 2, 'alien');
        }
        return await remote.store.allocate(request, signal);
      },
    });
    const node: OfflineNode = await start({ remote: late });
    await add(node, 'a');
    remote.fail('down');
    await add(node, 'trigger');
    await add(node, 'b');
    remote.restore();
    await agrees(setup, node, ['10.0.0.0 a', '10.0.0.1 trigger', '10.0.0.2 alien']);
    assert.deepEqual(lost(node), []);
  },
);

offlineTest('a Pod that the datastore was told of, but for the answer, is freed there when it goes', async (setup) => {
  const { store, start, remote } = setup;
  const told = Promise.withResolvers<void>();
  const late = overriding(remote.store, {
    allocate: async (request, signal) => {
      const answer = await remote.store.allocate(request, signal);
      if (request.assignment.containerId !== 'b') return answer;
      remote.fail('down');
      told.resolve();
      throw new CoilError('store-unavailable', 'lost');
    },
  });
  const node: OfflineNode = await start({ remote: late });
  await add(node, 'a');
  remote.fail('down');
  await add(node, 'trigger');
  await add(node, 'b');
  remote.restore();
  await told.promise;
  assert.equal((await store.listAddresses(BLOCK, soon())).length, 3);
  assert.deepEqual(await del(node, 'b'), ['10.0.0.2']);
  remote.restore();
  await agrees(setup, node, ['10.0.0.0 a', '10.0.0.1 trigger']);
});

/** A watch that tells nothing from the first address of `containerId` on, until that is let go. */
function heldAt(remote: IpamStore, containerId: string) {
  const [isReached, isLetGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const store = overriding(remote, {
    async *watchNode(node, signal) {
      for await (const change of remote.watchNode(node, signal)) {
        const isHeld = change.kind === 'address' && change.record?.assignment.containerId === containerId;
        // by now all that came before is known to the node
        if (isHeld) isReached.resolve();
        if (isHeld) await abortable(isLetGo.promise, signal);
        yield change;
      }
    },
  });
  return { store, reached: isReached.promise, letGo: isLetGo.resolve };
}

offlineTest('that an address was free once, which the watch tells late, takes it from no Pod', async (setup) => {
  const { remote, start } = setup;
  const late = heldAt(remote.store, 'e');
  const node = await start({ remote: late.store, restMs: 0, keepSpare: false });
  await add(node, 'a', 'b', 'c', 'd');
  remote.fail('down');
  await del(node, 'a');
  assert.deepEqual(await add(node, 'e'), ['10.0.0.0']);
  remote.restore();
  await late.reached;
  assert.deepEqual(await add(node, 'e'), ['10.0.0.0']);
  assert.deepEqual(await del(node, 'e'), ['10.0.0.0']);
  late.letGo();
  await agrees(setup, node, ['10.0.0.1 b', '10.0.0.2 c', '10.0.0.3 d']);
});

offlineTest(
  'a Pod that had an address before, which the watch tells late, takes it from no other one',
  async (setup) => {
    const { remote, start } = setup;
    const held = heldAt(remote.store, 'f');
    const late = overriding(held.store, {
      allocate: async (request, signal) => {
        const answer = await remote.store.allocate(request, signal);
        if (request.assignment.containerId === 'e' && answer.outcome === 'allocated') {
          assert.deepEqual(await del(node, 'e'), ['10.0.0.0']);
          assert.deepEqual(await add(node, 'f'), ['10.0.0.0']);
        }
        return answer;
      },
    });
    const node: OfflineNode = await start({ remote: late, restMs: 0, keepSpare: false });
    await add(node, 'a', 'b', 'c', 'd');
    remote.fail('down');
    await del(node, 'a');
    await add(node, 'e');
    remote.restore();
    await held.reached;
    assert.deepEqual(known(node), ['10.0.0.0 f', '10.0.0.1 b', '10.0.0.2 c', '10.0.0.3 d']);
    held.letGo();
    await agrees(setup, node, ['10.0.0.0 f', '10.0.0.1 b', '10.0.0.2 c', '10.0.0.3 d']);
  },
);

for (const when of ['before the datastore is read', 'while it is told'] as const) {
  offlineTest(
    `a block that was taken from the node ${when}: it is not used any more, its Pods are reported`,
    async (setup) => {
      const { remote, store, start } = setup;
      let isTaken = false;
      const takeBlock = async () => {
        if (isTaken) return;
        isTaken = true;
        await store.releaseNode('node1', soon());
        await store.acquireBlock({ node: 'node2', pool: 'default', family: 4 }, soon());
      };
      const late = overriding(remote.store, {
        allocate: async (request, signal) => {
          if (node.store.isOffline) await takeBlock();
          return await remote.store.allocate(request, signal);
        },
      });
      const node: OfflineNode = await start({ remote: late, keepSpare: false });
      await add(node, 'a');
      remote.fail('down');
      await add(node, 'b');
      if (when === 'before the datastore is read') await takeBlock();
      remote.restore();
      await until(() => !node.store.isOffline, 'the datastore is back');
      // of the address that was freed before the block was taken, the watch told that, and no more
      const expected = when === 'while it is told' ? ['b'] : ['a', 'b'];
      await until(() => lost(node).length === expected.length, `${expected} are reported, not ${lost(node)}`);
      assert.deepEqual(
        lost(node).map((text) => text.slice(9)),
        expected.map((name) => `${name}: its block is not this node's any more`),
      );
      await until(() => node.node.exporter.exported.length === 0, 'the route is withdrawn');
      assert.deepEqual(await add(node, 'c'), ['10.0.0.8']);
      assert.deepEqual(await del(node, 'a', 'b'), []);
      await agrees(setup, node, ['10.0.0.8 c']);
    },
  );
}

offlineTest(
  'what somebody else freed stays free; what was freed here is not taken from its next owner',
  async (setup) => {
    const { remote, store, start } = setup;
    const node = await start();
    await add(node, 'a', 'b', 'c');
    remote.fail('down');
    await del(node, 'a', 'b');
    await take(store, 0);
    await give(store, 0, 'next');
    await take(store, 1);
    await take(store, 2);
    remote.restore();
    await agrees(setup, node, ['10.0.0.0 next']);
    assert.deepEqual(lost(node), []);
  },
);

offlineTest(
  'an assignment that was written anew is freed all the same, as it is of the same interface',
  async (setup) => {
    const { remote, store, start } = setup;
    const node = await start();
    await add(node, 'a');
    remote.fail('down');
    await del(node, 'a');
    const [record] = await store.listAddresses(BLOCK, soon());
    await take(store, 0);
    await store.allocate({ node: 'node1', slots: [record!], assignment: record!.assignment }, soon());
    remote.restore();
    await agrees(setup, node, []);
  },
);

offlineTest('a value that cannot be read hinders nothing else that is to be freed', async (setup) => {
  const { remote, store, fixture, start } = setup;
  const node = await start();
  await add(node, 'a', 'b', 'c');
  remote.fail('down');
  await del(node, 'a', 'c');
  fixture.query(`UPDATE address SET assignment = '{"pod":7}' WHERE "offset" IN (1, 2)`);
  remote.restore();
  await until(() => !node.store.isOffline, 'the datastore is back');
  const left = await store.listAddresses(BLOCK, soon(), []);
  assert.deepEqual(
    left.map(({ offset }) => offset),
    [1, 2],
  );
});

offlineTest('why a datastore that answers again is not gone on with is told', async (setup) => {
  const { remote, start } = setup;
  let failure: CoilError | undefined = new CoilError('store-unavailable', 'database space exceeded');
  const full = overriding(remote.store, {
    checkWritable: async () => {
      if (failure) throw failure;
    },
  });
  const node = await start({ remote: full });
  await add(node, 'a');
  remote.fail('down');
  await add(node, 'b');
  const { since } = node.store.status.outage!;
  remote.restore();
  await until(() => node.store.status.outage?.error === failure, 'the reason is the new one');
  assert.deepEqual(node.store.status.outage?.since, since);
  assert.ok(node.logger.records.some(({ level, fields }) => level === 'warn' && fields.error === failure));
  failure = undefined;
  await agrees(setup, node, ['10.0.0.0 a', '10.0.0.1 b']);
});

offlineTest('a pool that is gone, or new, is known when the datastore is back', async (setup) => {
  const { remote, store, start } = setup;
  const node = await start();
  await add(node, 'a');
  remote.fail('down');
  await add(node, 'b');
  await store.createPool('dmz', poolOf(0, '192.0.2.0/31'), soon());
  remote.restore();
  await agrees(setup, node, ['10.0.0.0 a', '10.0.0.1 b']);
  await until(() => node.node.state.pools.has('dmz'), 'the new pool is known');
});

for (const restart of [false, true]) {
  offlineTest(
    `a datastore restored from a backup is told what it forgot${restart ? ', by a new process too' : ''}`,
    async (setup) => {
      using fixture = new SqliteFixture();
      await using backup = await fixture.open({ pollMs: 5 });
      await backup.createPool('default', poolOf(2, '10.0.0.0/26'), soon());
      await backup.acquireBlock({ node: 'node1', pool: 'default', family: 4 }, soon());
      // the address of c was that of one before
      await give(backup, 2, 'old');
      let current: IpamStore = setup.store;
      const remote = new Proxy(setup.store, {
        get(_, name) {
          const found = Reflect.get(current, name);
          return typeof found === 'function' ? found.bind(current) : found;
        },
      });
      let node = await setup.start({ remote });
      await add(node, 'a', 'b', 'c');
      await del(node, 'b');
      await until(() => node.journaled().length === 2, 'the journal has a and c');
      if (restart) await node.crash();
      current = backup;
      if (restart) node = await setup.start({ remote });
      else node.node.sync.renew('the test has restored a backup');
      await node.node.sync.ready(soon());
      await agrees({ ...setup, store: backup }, node, ['10.0.0.0 a', '10.0.0.2 c']);
      assert.deepEqual(lost(node), []);
      assert.ok(
        node.logger.messages.includes('the datastore has gone back to an earlier state; telling it what it forgot'),
      );
      assert.deepEqual(await add(node, 'd'), ['10.0.0.3']);
      assert.deepEqual(await del(node, 'a'), ['10.0.0.0']);
    },
  );
}

offlineTest('the journal of another datastore is not used', async (setup) => {
  const { remote, start } = setup;
  const named = (datastore: string) =>
    overriding(remote.store, {
      async *watchNode(node, signal) {
        for await (const each of remote.store.watchNode(node, signal))
          yield each.kind === 'snapshot' ? { ...each, datastore } : each;
      },
    });
  const first = await start({ remote: named('one') });
  await add(first, 'a');
  remote.fail('down');
  await add(first, 'b');
  await first.crash();
  remote.restore();
  const second = await start({ remote: named('two') });
  await second.node.sync.ready(soon());
  await agrees(setup, second, ['10.0.0.0 a']);
  assert.deepEqual(lost(second), ['10.0.0.1 b: the datastore is another one']);
  assert.ok(second.logger.messages.includes('the journal is of another datastore; it is not used'));
});

offlineTest(
  'a journal of another node or prefix is not used; with changes in it, it is not overwritten',
  async (setup) => {
    const { remote, start } = setup;
    const first = await start();
    await add(first, 'a');
    await first.crash();
    const second = await start({ node: 'node2' });
    await second.node.sync.ready(soon());
    assert.deepEqual(known(second), []);
    await add(second, 'x');
    remote.fail('down');
    await add(second, 'y');
    await second.crash();
    await fails(start({ node: 'node1' }), 'invalid-argument', /has changes of node node2 and prefix \/coil\//);
    await fails(start({ node: 'node2', prefix: '/other/' }), 'invalid-argument', /prefix \/coil\//);
    const third = await start({ node: 'node2' });
    await third.node.sync.ready(soon());
    assert.equal(known(third).length, 2);
  },
);

offlineTest('a coild whose journal another one takes gives out nothing more, and says why', async (setup) => {
  const { remote, start } = setup;
  const first = await start();
  await add(first, 'a');
  const second = await start({ node: 'node2' });
  await add(second, 'x');
  const why = /journal\.db is of node node2 and prefix \/coil\/ by now; each coild needs a journal of its own/;
  await fails(add(first, 'b'), 'store-unavailable', why);
  // what is there goes all the same
  await del(first, 'a');
  remote.fail('down');
  await fails(add(first, 'c'), 'store-unavailable', why);
  await add(second, 'y');
  assert.equal(known(second).length, 2);
});

offlineTest(
  'a block that was returned, but for the answer, is not used after a restart without the datastore',
  async (setup) => {
    const { remote, start } = setup;
    const first = await start({ restMs: 0, keepSpare: false });
    await add(first, 'a');
    await del(first, 'a');
    await until(() => first.journaled().length === 0, 'the journal has no address');
    remote.fail('answers-lost');
    first.node.skip(1_000);
    await fails(first.node.keeper.returnEmpty(1_000, soon()), 'store-unavailable');
    await fails(first.node.ipam.allocate(pod('b'), soon()), 'store-unavailable', /not been reached/);
    await first.crash();
    remote.fail('down');
    const second = await start();
    await second.node.sync.ready(soon());
    assert.deepEqual(second.node.blocks, []);
    remote.restore();
    await until(() => !second.store.isOffline, 'the datastore is back');
    assert.deepEqual(await add(second, 'b'), ['10.0.0.4']);
    await agrees(setup, second, ['10.0.0.4 b']);
  },
);
