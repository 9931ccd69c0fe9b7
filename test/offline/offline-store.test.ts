import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { overriding } from '../contract/ipam-node.ts';
import { fails, soon } from '../contract/store-fixture.ts';
import { add, agrees, del, known, offlineTest, pod, recorded, until } from './offline-fixture.ts';

offlineTest(
  'while the datastore is down, addresses of owned blocks are given and freed; then it is told',
  async (setup) => {
    const { remote, store, start } = setup;
    const node = await start({ restMs: 0 });
    assert.deepEqual(await add(node, 'a', 'b'), ['10.0.0.0', '10.0.0.1']);
    await until(() => node.journaled().length === 2, 'the journal has both');
    remote.fail('down');
    assert.deepEqual(await add(node, 'c'), ['10.0.0.2']);
    assert.deepEqual(await del(node, 'a', 'c'), ['10.0.0.0', '10.0.0.2']);
    assert.deepEqual(await add(node, 'd', 'b'), ['10.0.0.3', '10.0.0.1']);
    assert.deepEqual(await add(node, 'e'), ['10.0.0.0']);
    assert.deepEqual(await recorded(store), ['10.0.0.0 a', '10.0.0.1 b']);
    assert.equal(node.store.isOffline, true);
    // c was freed before the datastore could be asked for it, but the first call that failed may have been carried out
    assert.ok(node.store.status.pendingWrites >= 3);
    assert.ok(node.logger.messages.includes('the datastore cannot be reached; going on with what the journal has'));
    remote.restore();
    await agrees(setup, node, ['10.0.0.0 e', '10.0.0.1 b', '10.0.0.3 d']);
    assert.ok(node.logger.messages.includes('the datastore is reached again, and knows what was changed without it'));
    assert.deepEqual(await add(node, 'f'), ['10.0.0.2']);
    assert.deepEqual(await del(node, 'd', 'e'), ['10.0.0.3', '10.0.0.0']);
    await agrees(setup, node, ['10.0.0.1 b', '10.0.0.2 f']);
  },
);

for (const fault of ['down', 'silent', 'answers-lost'] as const) {
  offlineTest(`killed and started again while the datastore is ${fault}, the node goes on`, async (setup) => {
    const { remote, start } = setup;
    const first = await start();
    await add(first, 'a', 'b');
    remote.fail(fault);
    if (fault !== 'silent') assert.deepEqual(await add(first, 'c'), ['10.0.0.2']);
    await del(first, 'a');
    await first.crash();
    if (fault === 'silent') remote.fail('down');
    const second = await start();
    const expected = fault === 'silent' ? ['10.0.0.1 b'] : ['10.0.0.1 b', '10.0.0.2 c'];
    await second.node.sync.ready(soon());
    assert.deepEqual(known(second), expected);
    assert.deepEqual(await add(second, 'b'), ['10.0.0.1'], 'a repeated ADD');
    assert.deepEqual(await del(second, 'a'), [], 'a repeated DEL');
    assert.deepEqual(second.node.exporter.exported, first.node.exporter.exported);
    const [address] = await add(second, 'd');
    remote.restore();
    await agrees(setup, second, [...expected, `${address} d`]);
  });
}

offlineTest(
  'an ADD whose answer was lost with the process is found by its repetition, and given to no other',
  async (setup) => {
    const { remote, start, store } = setup;
    const first = await start();
    await add(first, 'a');
    remote.fail('silent');
    const asked = first.node.ipam.allocate(pod('b'), soon()).catch(() => undefined);
    await until(() => first.journaled().includes('10.0.0.1 b'), 'the journal has it before the datastore');
    await first.crash();
    await asked;
    remote.fail('down');
    const second = await start();
    assert.deepEqual(await add(second, 'c', 'b'), ['10.0.0.2', '10.0.0.1']);
    assert.deepEqual(await recorded(store), ['10.0.0.0 a']);
    remote.restore();
    await agrees(setup, second, ['10.0.0.0 a', '10.0.0.1 b', '10.0.0.2 c']);
  },
);

offlineTest(
  'what a process had asked for when it was killed is as the datastore says where that answers',
  async (setup) => {
    const { remote, start } = setup;
    const first = await start();
    await add(first, 'a');
    remote.fail('silent');
    const asked = first.node.ipam.allocate(pod('b'), soon()).catch(() => undefined);
    await until(() => first.journaled().includes('10.0.0.1 b'), 'the journal has it before the datastore');
    await first.crash();
    await asked;
    remote.restore();
    const second = await start();
    await second.node.sync.ready(soon());
    await agrees(setup, second, ['10.0.0.0 a']);
  },
);

offlineTest(
  'known to be down, the datastore is waited for by nobody but a probe now and then',
  async ({ remote, start }) => {
    const node = await start();
    await add(node, 'a');
    remote.fail('down');
    await add(node, 'b');
    remote.fail('silent');
    const before = performance.now();
    await add(node, 'c');
    await del(node, 'b');
    assert.ok(performance.now() - before < 1_000);
  },
);

offlineTest('without a further address in its blocks, the node says that the datastore is missing', async (setup) => {
  const { remote, start } = setup;
  const node = await start({ keepSpare: false });
  await add(node, 'a', 'b', 'c');
  await del(node, 'c');
  remote.fail('down');
  assert.deepEqual(await add(node, 'd'), ['10.0.0.3']);
  assert.deepEqual(await add(node, 'e'), ['10.0.0.2'], 'one that rests is better than none');
  await fails(node.node.ipam.allocate(pod('f'), soon()), 'store-unavailable', /not been reached since 20/);
  remote.restore();
  await until(() => !node.store.isOffline, 'the datastore is back');
  assert.deepEqual(await add(node, 'f'), ['10.0.0.4']);
});

offlineTest('a node that has never read the datastore waits for it', async ({ remote, start }) => {
  remote.fail('down');
  const node = await start();
  await fails(node.node.ipam.allocate(pod('a'), AbortSignal.timeout(50)), 'store-unavailable', /could not read/);
  assert.equal(node.store.isOffline, false);
  remote.restore();
  assert.deepEqual(await add(node, 'a'), ['10.0.0.0']);
});

offlineTest(
  'a hundred at once, over an outage that begins and ends meanwhile: nobody fails, nothing is given twice',
  async (setup) => {
    const { remote, start } = setup;
    const node = await start({ restMs: 0 });
    const names = Array.from({ length: 12 }, (_, i) => `p${i}`);
    // blocks enough for all of them
    await add(node, ...names);
    await del(node, ...names);
    const given = await Promise.all(
      names.map(async (name, i) => {
        for (let round = 0; round < 8; round++) {
          await add(node, name);
          if (i === 0) remote.fail(round % 2 ? 'answers-lost' : 'down');
          await delay(i % 3);
          if (i === 1) remote.restore();
          await del(node, name);
        }
        return (await add(node, name)).map((address) => `${address} ${name}`);
      }),
    );
    remote.restore();
    assert.equal(new Set(given.flat().map((text) => text.split(' ')[0])).size, names.length);
    await agrees(setup, node, given.flat());
  },
);

offlineTest('a DEL that was given up before the answer is done where the datastore is gone then', async (setup) => {
  const { remote, start } = setup;
  const first = await start({ restMs: 0 });
  await add(first, 'a');
  await until(() => first.journaled().length === 1, 'the journal has it');
  remote.fail('silent');
  await assert.rejects(first.node.ipam.release(pod('a'), AbortSignal.timeout(20)));
  await first.crash();
  remote.fail('down');
  const second = await start({ restMs: 0 });
  await second.node.sync.ready(soon());
  assert.deepEqual(known(second), []);
  remote.restore();
  await agrees(setup, second, []);
});

offlineTest('what the datastore was asked for before a kill -9 is given to nobody else', async (setup) => {
  const { remote, store, start } = setup;
  const assigned = Promise.withResolvers<void>();
  const mute = overriding(remote.store, {
    allocate: async (request, signal) => {
      await store.allocate(request, signal);
      assigned.resolve();
      return await new Promise<never>(() => undefined);
    },
  });
  const first = await start({ remote: mute, restMs: 0 });
  first.node.ipam.allocate(pod('a'), soon()).catch(() => undefined);
  await assigned.promise;
  await first.crash();
  remote.fail('down');
  const second = await start({ restMs: 0 });
  assert.deepEqual(await add(second, 'b', 'a'), ['10.0.0.1', '10.0.0.0']);
  remote.restore();
  await agrees(setup, second, ['10.0.0.0 a', '10.0.0.1 b']);
});
