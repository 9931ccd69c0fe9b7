import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { CoilError } from '../../src/model/error.ts';
import { SqliteFixture } from './sqlite-fixture.ts';
import { fails, poolOf, soon } from './store-fixture.ts';

const mode = (path: string) => statSync(path).mode & 0o777;

test('a new database and its log are readable by their owner alone', async () => {
  using fixture = new SqliteFixture();
  await using store = await fixture.open();
  await store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
  for (const suffix of ['', '-wal', '-shm']) assert.equal(mode(fixture.path + suffix), 0o600, suffix);
});

test('the permissions of a database that is there are left as they are', async () => {
  using fixture = new SqliteFixture();
  await (await fixture.open())[Symbol.asyncDispose]();
  chmodSync(fixture.path, 0o640);
  await using _store = await fixture.open();
  assert.equal(mode(fixture.path), 0o640);
});

test('what was acknowledged is there after closing, and the log is in the file then', async () => {
  using fixture = new SqliteFixture();
  {
    await using store = await fixture.open();
    await store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
  }
  assert.equal(statSync(`${fixture.path}-wal`, { throwIfNoEntry: false }), undefined);
  await using again = await fixture.open();
  assert.deepEqual([...(await again.listPools(soon())).keys()], ['default']);
});

test('a path may have any characters', async () => {
  using fixture = new SqliteFixture();
  const path = join(fixture.folder, 'a b%20?mode=memory#é.db');
  await using store = await fixture.open({ path });
  await store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
  assert.ok(statSync(path).isFile());
});

test('a connection syncs its log with every commit', async (t) => {
  using fixture = new SqliteFixture();
  const connections = new Set<DatabaseSync>();
  const { exec } = DatabaseSync.prototype;
  t.mock.method(DatabaseSync.prototype, 'exec', function (this: DatabaseSync, sql: string): void {
    connections.add(this);
    exec.call(this, sql);
  });
  await using _store = await fixture.open();
  assert.equal(connections.size, 1);
  for (const connection of connections) {
    const FULL = 2;
    assert.equal(connection.prepare('PRAGMA synchronous').get()?.synchronous, FULL);
    assert.equal(connection.prepare('PRAGMA journal_mode').get()?.journal_mode, 'wal');
    assert.equal(connection.prepare('PRAGMA foreign_keys').get()?.foreign_keys, 1);
  }
});

test('where the file is not to be made, one that is not there is named', async () => {
  using fixture = new SqliteFixture();
  for (const path of [fixture.path, join(fixture.folder, 'missing', 'coil.db')]) {
    await fails(fixture.open({ path, create: false }), 'store-not-found', new RegExp(`no database file ${path}$`));
    assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
  }
  await (await fixture.open())[Symbol.asyncDispose]();
  await (await fixture.open({ create: false }))[Symbol.asyncDispose]();
});

test('a folder that is not there is named', async () => {
  using fixture = new SqliteFixture();
  const path = join(fixture.folder, 'missing', 'coil.db');
  await fails(fixture.open({ path }), 'store-unavailable', /missing\/coil\.db .*folder .*missing does not exist/);
  assert.equal(statSync(join(fixture.folder, 'missing'), { throwIfNoEntry: false }), undefined);
});

test('a folder in the place of the file is named', async () => {
  using fixture = new SqliteFixture();
  mkdirSync(fixture.path);
  await fails(fixture.open(), 'store-unavailable', /coil\.db is a folder/);
});

test('a folder that may not be written is named', { skip: process.getuid?.() !== 0 && 'not root' }, async () => {
  using fixture = new SqliteFixture();
  chmodSync(fixture.folder, 0o700);
  process.seteuid?.(65534);
  try {
    await fails(fixture.open(), 'store-unavailable', /coil\.db cannot be created: EACCES/);
  } finally {
    process.seteuid?.(0);
  }
});

test('the database of another application is refused, and not changed', async () => {
  for (const sql of ['CREATE TABLE t (x)', 'PRAGMA application_id = 7', 'PRAGMA user_version = 3']) {
    using fixture = new SqliteFixture();
    const database = fixture.raw();
    database.exec(sql);
    database.close();
    const before = readFileSync(fixture.path);
    await fails(fixture.open(), 'invalid-argument', /coil\.db is the database of another application/);
    assert.ok(before.equals(readFileSync(fixture.path)), sql);
  }
});

test('a file that is no database is refused, and not changed', async () => {
  using fixture = new SqliteFixture();
  const text = 'this is a text, and much too important to be lost\n'.repeat(100);
  writeFileSync(fixture.path, text);
  await fails(fixture.open(), 'invalid-argument', /coil\.db is not a database/);
  assert.equal(readFileSync(fixture.path, 'utf8'), text);
});

test('a database that a newer Coil has written is refused', async () => {
  using fixture = new SqliteFixture();
  await (await fixture.open())[Symbol.asyncDispose]();
  fixture.query('PRAGMA user_version = 2');
  await fails(fixture.open(), 'invalid-argument', /coil\.db was written by a newer Coil: .* version 2, .* knows 1/);
});

test('a database that is damaged is said to be', async () => {
  using fixture = new SqliteFixture();
  {
    await using store = await fixture.open();
    await store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
  }
  const bytes = readFileSync(fixture.path);
  bytes.fill(0xff, 4096);
  writeFileSync(fixture.path, bytes);
  await fails(
    fixture.open().then(async (store) => {
      await using opened = store;
      return await opened.listPools(soon());
    }),
    'corrupt-data',
    /coil\.db is damaged/,
  );
});

test('no change is acknowledged that goes to a file which was deleted', async () => {
  using fixture = new SqliteFixture();
  await using store = await fixture.open();
  rmSync(fixture.path);
  const create = () => store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
  await fails(create(), 'store-unavailable', /coil\.db was deleted while in use/);
  writeFileSync(fixture.path, '');
  await fails(create(), 'store-unavailable', /coil\.db was replaced while in use/);
});

test('an assignment that cannot be read keeps its address from being assigned', async () => {
  using fixture = new SqliteFixture();
  await using store = await fixture.open();
  await store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
  const { block } = await store.acquireBlock({ node: 'node1', pool: 'default', family: 4 }, soon());
  fixture.query(`INSERT INTO address VALUES ('${block}', 3, '{"pod":7}', 1)`);
  const assignment = { containerId: 'c', namespace: 'n', pod: 'p', createdAt: '2026-01-01T00:00:00Z' };
  const outcome = await store.allocate({ node: 'node1', slots: [{ block, offset: 3 }], assignment }, soon());
  assert.equal(outcome.outcome, 'taken');
  const key = /10\.0\.0\.0\/28 offset 3 cannot be read: pod is not a string/;
  await fails(store.listAddresses(block, soon()), 'corrupt-data', key);
  const unreadable: CoilError[] = [];
  const listed = await store.listAddresses(block, soon(), unreadable);
  assert.deepEqual(
    listed.map(({ offset, assignment }) => [offset, assignment.containerId]),
    [[3, '']],
  );
  assert.match(unreadable.join(), key);
  for await (const event of store.watchNode('node1', soon())) {
    assert.ok(event.kind === 'snapshot');
    assert.match(event.unreadable.join(), key);
    assert.equal(event.addresses[0]?.assignment.containerId, '');
    break;
  }
});
