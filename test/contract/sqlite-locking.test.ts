import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { SqliteIpamStore } from '../../src/store/sqlite/sqlite-ipam-store.ts';
import { SqliteFixture } from './sqlite-fixture.ts';
import { fails, poolOf, soon } from './store-fixture.ts';

/** Holds the write lock of a database, as a process does that hangs in the middle of a change. */
function lock(fixture: SqliteFixture): Disposable {
  const database = fixture.raw();
  database.exec('BEGIN IMMEDIATE');
  return { [Symbol.dispose]: () => database.close() };
}

const create = (store: SqliteIpamStore, i = 0, signal = soon()) =>
  store.createPool(`p${i}`, poolOf(4, `10.${i}.0.0/24`), signal);

/** The longest time that the event loop stood still while `run` went on, in milliseconds. */
async function longestStandstill(run: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(look, 1);
  try {
    await run();
  } finally {
    clearInterval(timer);
    look();
  }
  return longest;
}

test('who opens or changes the database while another process changes it waits for its turn', async () => {
  using fixture = new SqliteFixture();
  await (await fixture.open())[Symbol.asyncDispose]();
  const held = lock(fixture);
  const released = delay(200).then(() => held[Symbol.dispose]());
  await using store = await fixture.open();
  await create(store);
  await released;
  assert.deepEqual([...(await store.listPools(soon())).keys()], ['p0']);
});

test('several who find no database make one', async () => {
  using fixture = new SqliteFixture();
  await using stack = new AsyncDisposableStack();
  const stores = await Promise.all(Array.from({ length: 5 }, () => fixture.open()));
  for (const store of stores) stack.use(store);
  await Promise.all(stores.map((store, i) => create(store, i)));
  for (const store of stores) assert.equal((await store.listPools(soon())).size, 5);
});

test('reading does not wait for who changes', async () => {
  using fixture = new SqliteFixture();
  await using store = await fixture.open({ timeoutMs: 0 });
  await create(store);
  using _held = lock(fixture);
  assert.equal((await store.listPools(soon())).size, 1);
});

test('a lock that is never given back fails the change, and does not stop the event loop', async (t) => {
  using fixture = new SqliteFixture();
  await using store = await fixture.open({ timeoutMs: 1000 });
  using _held = lock(fixture);
  const standstill = await longestStandstill(async () => {
    const changes = Array.from({ length: 20 }, (_, i) => create(store, i));
    for (const change of changes) {
      await fails(change, 'store-unavailable', /coil\.db is locked: another process .* over 1000 ms/);
    }
  });
  t.diagnostic(`the event loop stood still for ${standstill.toFixed(0)} ms at most`);
  assert.ok(standstill < 300, `the event loop stood still for ${standstill} ms`);
});

test('aborting ends the wait for a lock at once, and only that of its call', async () => {
  using fixture = new SqliteFixture();
  await using store = await fixture.open();
  const held = lock(fixture);
  const abort = new AbortController();
  const aborted = assert.rejects(create(store, 1, abort.signal), /enough/);
  const other = create(store, 2);
  abort.abort(new Error('enough'));
  await aborted;
  held[Symbol.dispose]();
  await other;
  assert.deepEqual([...(await store.listPools(soon())).keys()], ['p2']);
});

test('closing fails what still waits for a lock, and every call after it', async () => {
  using fixture = new SqliteFixture();
  const store = await fixture.open();
  using _held = lock(fixture);
  const waiting = fails(create(store), 'store-unavailable', /closed/);
  await store[Symbol.asyncDispose]();
  await waiting;
  await fails(create(store), 'store-unavailable', /closed/);
  await fails(store.listPools(soon()), 'store-unavailable', /closed/);
  await store[Symbol.asyncDispose]();
});

test('of changes that share a transaction, one that fails leaves nothing behind, and the others stay', async () => {
  using fixture = new SqliteFixture();
  await using store = await fixture.open();
  const outcomes = await Promise.allSettled([
    create(store, 1),
    // its first subnet is free, its second is not
    store.createPool('half', poolOf(4, '10.9.0.0/24', '10.1.0.0/25'), soon()),
    create(store, 2),
  ]);
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'done')),
    ['done', 'subnet-in-use', 'done'],
  );
  assert.deepEqual([...(await store.listPools(soon())).keys()], ['p1', 'p2']);
  assert.deepEqual(fixture.query("SELECT * FROM block WHERE prefix LIKE '10.9.%'"), []);
});
