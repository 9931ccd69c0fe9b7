import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { ChangeNotifier } from './change-notifier.ts';
import { SqliteDatabase } from './sqlite-database.ts';

/** A notifier that does not poll within the time of a test, unless it is told to. */
function setup({ pollMs = 60_000 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'coil-notifier-'));
  const path = join(folder, 'x.db');
  const db = new SqliteDatabase(path, openLogged(path));
  return {
    path,
    notifier: new ChangeNotifier(db, pollMs),
    [Symbol.dispose]() {
      db.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function openLogged(path: string): DatabaseSync {
  const connection = new DatabaseSync(path);
  connection.exec('PRAGMA journal_mode = WAL');
  return connection;
}

const soon = () => AbortSignal.timeout(5000);

test('who waits is told of the next change', async () => {
  using fixture = setup();
  const { notifier } = fixture;
  const waiting = [notifier.next(notifier.count, soon()), notifier.next(notifier.count, soon())];
  notifier.notify();
  await Promise.all(waiting);
});

test('a change between looking and waiting is not lost', async () => {
  using fixture = setup();
  const { notifier } = fixture;
  const seen = notifier.count;
  notifier.notify();
  await notifier.next(seen, soon());
});

test('a change of another connection is told', async () => {
  using fixture = setup({ pollMs: 5 });
  const { notifier, path } = fixture;
  const other = openLogged(path);
  try {
    // the first look tells of a change in any case: none was seen before it
    await notifier.next(notifier.count, soon());
    const waiting = notifier.next(notifier.count, soon());
    other.exec('CREATE TABLE t (x)');
    await waiting;
    await assert.rejects(notifier.next(notifier.count, AbortSignal.timeout(50)), { name: 'TimeoutError' });
  } finally {
    other.close();
  }
});

test('a wait ends with its signal, or when all are told to fail', async () => {
  using fixture = setup();
  const { notifier } = fixture;
  const abort = new AbortController();
  const aborted = assert.rejects(notifier.next(notifier.count, abort.signal), /enough/);
  const failed = assert.rejects(notifier.next(notifier.count, soon()), /closed/);
  abort.abort(new Error('enough'));
  await aborted;
  notifier.fail(new Error('closed'));
  await failed;
});
