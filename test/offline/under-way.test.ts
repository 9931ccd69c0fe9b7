import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Journal } from '../../src/store/offline/journal.ts';
import { overriding, withOverrides } from '../contract/ipam-node.ts';
import { add, agrees, offlineTest } from './offline-fixture.ts';

// Changes that were begun without the datastore, and are not in the journal yet when it is back.

/** A disk that takes its time, from when it is told to. */
class SlowDisk {
  isSlow = false;

  readonly wrap = (journal: Journal) =>
    withOverrides(journal, {
      commit: async (change, signal) => {
        if (this.isSlow) await delay(100);
        return await journal.commit(change, signal);
      },
    });
}

offlineTest('a change that is under way when the datastore comes back is told too', async (setup) => {
  const { start, remote } = setup;
  const disk = new SlowDisk();
  const node = await start({ wrapJournal: disk.wrap });
  await add(node, 'a');
  remote.fail('down');
  await add(node, 'b');
  disk.isSlow = true;
  const adding = add(node, 'c');
  remote.restore();
  assert.deepEqual(await adding, ['10.0.0.2']);
  await agrees(setup, node, ['10.0.0.0 a', '10.0.0.1 b', '10.0.0.2 c']);
});

offlineTest('a change that begins while the datastore is told of another is told too', async (setup) => {
  const { start, remote } = setup;
  const disk = new SlowDisk();
  const telling = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  let isBack = false;
  const held = overriding(remote.store, {
    allocate: async (request, signal) => {
      if (isBack && request.assignment.containerId === 'b') {
        telling.resolve();
        await begun.promise;
      }
      return await remote.store.allocate(request, signal);
    },
  });
  const node = await start({ remote: held, wrapJournal: disk.wrap });
  await add(node, 'a');
  remote.fail('down');
  await add(node, 'b');
  isBack = true;
  remote.restore();
  await telling.promise;
  disk.isSlow = true;
  const adding = add(node, 'c');
  setImmediate(() => begun.resolve());
  assert.deepEqual(await adding, ['10.0.0.2']);
  await agrees(setup, node, ['10.0.0.0 a', '10.0.0.1 b', '10.0.0.2 c']);
});
