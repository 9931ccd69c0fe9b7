import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nullLogger } from '../../src/process/logger.ts';
import { Journal } from '../../src/store/offline/journal.ts';
import { OfflineStore } from '../../src/store/offline/offline-store.ts';
import { SqliteFixture } from '../contract/sqlite-fixture.ts';
import { assignmentOf, ip, poolOf, soon } from '../contract/store-fixture.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { UnreliableStore } from './unreliable-store.ts';

/** A disk in a file. What was synced is in the file; what was only written is in the memory of its file system. */
class Disk implements Disposable {
  readonly folder: string;
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
    this.folder = `${file}-mounted`;
    mkdirSync(this.folder);
    execFileSync('mount', ['-o', 'loop', file, this.folder]);
  }

  static create(file: string): Disk {
    execFileSync('truncate', ['--size=16M', file]);
    execFileSync('mkfs.ext4', ['-q', file]);
    return new Disk(file);
  }

  /** The disk as the next start of the machine finds it, if the power goes now. */
  afterPowerCut(file: string): Disk {
    copyFileSync(this.#file, file);
    return new Disk(file);
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['--lazy', this.folder]);
  }
}

test('what was answered without the datastore survives a power cut', { skip: needsRoot, timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ct-'));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rmSync(folder, { recursive: true }));
  const disk = cleanUp.use(Disk.create(join(folder, 'disk')));
  const fixture = cleanUp.use(new SqliteFixture());
  const behind = await fixture.open();
  const remote = new UnreliableStore(behind);
  await behind.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
  const block = ip('10.0.0.0/28');
  const options = { node: 'node1', prefix: '/coil/' };
  const journal = await Journal.open({ ...options, path: join(disk.folder, 'journal.db') }, soon());
  const store = cleanUp.use(
    new OfflineStore({ ...options, remote: remote.store, journal, now: () => new Date(), logger: nullLogger }),
  );
  await store.acquireBlock({ ...options, pool: 'default', family: 4 }, soon());
  const stop = new AbortController();
  for await (const change of store.watchNode('node1', stop.signal)) if (change.kind === 'snapshot') break;
  remote.fail('down');
  const give = (offset: number) =>
    store.allocate({ ...options, slots: [{ block, offset }], assignment: assignmentOf(`c${offset}`) }, soon());
  const given = await give(1);
  assert.equal(given.outcome, 'allocated');
  await give(2);
  await store.free(given.outcome === 'allocated' ? given.records : [], soon());
  using after = disk.afterPowerCut(join(folder, 'after'));
  await using found = await Journal.open({ ...options, path: join(after.folder, 'journal.db') }, soon());
  const containers = found.read(({ pending, pendingAddresses }) => ({
    given: pendingAddresses.map(({ assignment }) => assignment.containerId),
    freed: pending.freed.map(({ assignment }) => (JSON.parse(assignment) as { containerId: string }).containerId),
  }));
  // the first call was the one that found the datastore gone: it may have been carried out, so its end is to be told
  assert.deepEqual(containers, { given: ['c2'], freed: ['c1'] });
});
