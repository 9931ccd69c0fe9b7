import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fails, soon } from '../contract/store-fixture.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { add, agrees, del, known, type OfflineSetup, offlineTest, pod, recorded, until } from './offline-fixture.ts';

const MESSAGE =
  /the journal of this node cannot be written, so nothing was changed: .*journal\.db cannot be used: .*full/;

/** A file system of its own for the journal, which `fill` leaves no room in. */
class SmallDisk implements Disposable {
  readonly #folder: string;

  constructor({ journal }: OfflineSetup) {
    this.#folder = dirname(journal);
    mkdirSync(this.#folder);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', this.#folder]);
  }

  fill(): void {
    for (let kilobytes = 512; kilobytes > 0; kilobytes = Math.floor(kilobytes / 2)) {
      for (let i = 0; ; i++) {
        try {
          writeFileSync(join(this.#folder, `filler-${kilobytes}-${i}`), Buffer.alloc(kilobytes * 1024));
        } catch {
          break;
        }
      }
    }
  }

  empty(): void {
    execFileSync('sh', ['-c', 'rm -f "$1"/filler-*', 'sh', this.#folder]);
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['--lazy', this.#folder]);
    rmSync(this.#folder, { recursive: true });
  }
}

/** Without root there is no disk to fill. */
function diskTest(name: string, body: (setup: OfflineSetup, disk: SmallDisk) => Promise<void>): void {
  offlineTest(
    name,
    async (setup) => {
      using disk = new SmallDisk(setup);
      await body(setup, disk);
    },
    { skip: needsRoot },
  );
}

diskTest(
  "where the journal's disk is full, ADD changes nothing and says why; DEL needs no journal",
  async (setup, disk) => {
    const { store, start } = setup;
    await using node = await start({ restMs: 0 });
    await add(node, 'a', 'b');
    await until(() => node.journaled().length === 2, 'the journal has both');
    disk.fill();
    await fails(
      untilFull(
        () => node.node.ipam.allocate(pod('c'), soon()),
        () => del(node, 'c'),
      ),
      'store-unavailable',
      MESSAGE,
    );
    assert.deepEqual(await recorded(store), ['10.0.0.0 a', '10.0.0.1 b']);
    assert.deepEqual(known(node), ['10.0.0.0 a', '10.0.0.1 b']);
    assert.deepEqual(await del(node, 'a'), ['10.0.0.0']);
    disk.empty();
    const [address] = await add(node, 'd');
    node.node.sync.renew('what the journal missed');
    await agrees(setup, node, ['10.0.0.1 b', `${address} d`]);
  },
);

diskTest('while the datastore is down, neither ADD nor DEL changes anything then', async (setup, disk) => {
  const { remote, start } = setup;
  await using node = await start({ restMs: 0 });
  await add(node, 'a');
  remote.fail('down');
  const [address] = await add(node, 'b');
  disk.fill();
  const before = known(node);
  await fails(
    untilFull(
      () => node.node.ipam.allocate(pod('c'), soon()),
      () => del(node, 'c'),
    ),
    'store-unavailable',
    MESSAGE,
  );
  await fails(node.node.ipam.release(pod('a'), soon()), 'store-unavailable', MESSAGE);
  await node.node.sync.ready(soon());
  assert.deepEqual(known(node), before);
  disk.empty();
  assert.deepEqual(await del(node, 'a'), ['10.0.0.0']);
  remote.restore();
  await agrees(setup, node, [`${address} b`]);
});

diskTest('a full disk is told of where the datastore can be changed, and where it cannot', async (setup, disk) => {
  const { remote, start } = setup;
  await using node = await start();
  await add(node, 'a');
  await node.store.checkWritable(soon());
  disk.fill();
  const fill = () =>
    untilFull(
      () => node.store.checkWritable(soon()),
      async () => undefined,
    );
  await fails(fill(), 'store-unavailable', MESSAGE);
  disk.empty();
  await node.store.checkWritable(soon());
  remote.fail('down');
  await add(node, 'b');
  await node.store.checkWritable(soon());
  disk.fill();
  await fails(fill(), 'store-unavailable', MESSAGE);
  disk.empty();
  remote.restore();
});

/** The log has pages that are written anew for a while. */
async function untilFull(work: () => Promise<unknown>, undo: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    await work();
    await undo();
  }
}
