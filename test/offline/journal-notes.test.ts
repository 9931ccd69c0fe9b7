import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import { Journal } from '../../src/store/offline/journal.ts';
import type { JournalTables } from '../../src/store/offline/journal-tables.ts';
import { soon } from '../contract/store-fixture.ts';
import { until } from './offline-fixture.ts';

interface Setup {
  readonly journal: Journal;
  readonly path: string;
  readonly reopen: () => Promise<Journal>;
}

const own = (n: number) => (tables: JournalTables) =>
  tables.mirror.addBlock({ pool: 'default', block: IpPrefix.parse(`10.0.0.${4 * n}/30`) });
const blocksOf = ({ mirror }: JournalTables) => mirror.blocks.map(({ block }) => `${block}`);
const unexpected = (error: unknown) => assert.fail(error as Error);
const fails = () => {
  throw new Error('it cannot be done');
};

function notesTest(name: string, body: (setup: Setup) => Promise<void>): void {
  test(name, { timeout: 10_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ct-'));
    await using cleanUp = new AsyncDisposableStack();
    cleanUp.defer(() => rm(folder, { recursive: true }));
    const path = join(folder, 'j.db');
    const reopen = async () => cleanUp.use(await Journal.open({ path, node: 'node1', prefix: '/' }, soon()));
    await body({ journal: await reopen(), path, reopen });
  });
}

notesTest('what is read, written and committed after a note comes after it', async ({ journal }) => {
  journal.note(own(0), unexpected);
  assert.deepEqual(journal.peek(blocksOf), []);
  assert.deepEqual(journal.read(blocksOf), ['10.0.0.0/30']);
  journal.note(own(1), unexpected);
  assert.deepEqual(
    journal.write((tables) => blocksOf(tables)),
    ['10.0.0.0/30', '10.0.0.4/30'],
  );
  const committed = journal.commit(blocksOf, soon());
  journal.note(own(2), unexpected);
  assert.deepEqual(await committed, ['10.0.0.0/30', '10.0.0.4/30', '10.0.0.8/30']);
});

notesTest('a note is written soon, though nothing else is', async ({ journal, reopen }) => {
  journal.note(own(0), unexpected);
  const other = await reopen();
  await until(() => other.read(blocksOf).length === 1, 'the note is in the file');
});

notesTest('a note that cannot be written is told of, and takes nothing else along', async ({ journal }) => {
  const told: string[] = [];
  const tell = (error: unknown) => told.push((error as Error).message);
  journal.note(fails, tell);
  assert.deepEqual(journal.read(blocksOf), []);
  assert.deepEqual(told, ['it cannot be done']);
  journal.note(own(0), unexpected);
  assert.throws(() => journal.write(fails), /it cannot be done/);
  assert.deepEqual(journal.peek(blocksOf), ['10.0.0.0/30']);
});

notesTest('the end of the process may lose a note, and nothing that was written', async ({ journal, reopen }) => {
  journal.note(own(0), unexpected);
  journal.write(own(1));
  journal.note(own(2), unexpected);
  await journal[Symbol.asyncDispose]();
  assert.deepEqual((await reopen()).read(blocksOf), ['10.0.0.0/30', '10.0.0.4/30']);
});

for (const [table, columns, values] of [
  ['address', 'block, "offset", assignment, revision, asked, answered', `'10.0.0.0/30', 1, '{', 7, 0, 1`],
  ['freed', 'block, "offset", assignment, revision', `'10.0.0.0/30', 1, '{"pod', 7.5`],
  ['lost', 'block, "offset", assignment, reason', `'10.0', 1, '{}', 'it is assigned to another'`],
]) {
  notesTest(`a row of table ${table} that cannot be read is told of when the journal is opened`, async (setup) => {
    const { journal, reopen, path } = setup;
    journal.write(own(0));
    using db = new DatabaseSync(path);
    db.exec(`INSERT INTO ${table} (${columns}) VALUES (${values})`);
    await assert.rejects(reopen(), { code: 'corrupt-data', message: /j\.db is damaged: .*; move it away/ });
  });
}
