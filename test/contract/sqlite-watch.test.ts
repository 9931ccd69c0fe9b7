import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoilError } from '../../src/model/error.ts';
import { SqliteFixture } from './sqlite-fixture.ts';
import { poolOf, soon } from './store-fixture.ts';

const POOL = poolOf(0, '10.0.0.0/24');
const REQUEST = { node: 'node1', pool: 'default', family: 4 } as const;

test('a watch that waits is told of changes, be they of its own connection or of another', async () => {
  using fixture = new SqliteFixture();
  await using store = await fixture.open({ pollMs: 5 });
  await using other = await fixture.open();
  await store.createPool('default', POOL, soon());
  for (const changer of [store, other]) {
    const events = store.watchNode('node1', soon())[Symbol.asyncIterator]();
    await events.next();
    for (let i = 0; i < 20; i++) {
      const told = events.next();
      const { block } = await changer.acquireBlock(REQUEST, soon());
      const { value } = await told;
      assert.ok(value?.kind === 'block' && value.block.equals(block));
    }
    await events.return?.();
  }
});

test('the log is bounded; a watch that it has outrun ends, and begins anew with all that there is', async () => {
  using fixture = new SqliteFixture();
  await using store = await fixture.open({ logLength: 10 });
  await store.createPool('default', POOL, soon());
  const events = store.watchNode('node1', soon())[Symbol.asyncIterator]();
  await events.next();
  for (let i = 0; i < 10; i++) await store.acquireBlock(REQUEST, soon());
  assert.equal((await events.next()).value?.kind, 'block', 'ten changes are kept');
  for (let i = 0; i < 11; i++) await store.acquireBlock(REQUEST, soon());
  for (let i = 0; i < 9; i++) await events.next();
  await assert.rejects(
    events.next(),
    (error) => CoilError.is(error, 'store-unavailable') && /trimmed/.test(error.message),
  );
  assert.deepEqual(fixture.query('SELECT count(*) AS n FROM change')[0]?.n, 10);
  for await (const event of store.watchNode('node1', soon())) {
    assert.ok(event.kind === 'snapshot');
    assert.equal(event.blocks.length, 21);
    break;
  }
});

test('more changes than are read at once come in order, none twice', async () => {
  using fixture = new SqliteFixture();
  await using store = await fixture.open();
  await store.createPool('default', poolOf(0, '10.0.0.0/20'), soon());
  const events = store.watchNode('node1', soon())[Symbol.asyncIterator]();
  await events.next();
  await Promise.all(
    Array.from({ length: 2400 }, (_, i) => store.acquireBlock({ ...REQUEST, node: `node${i % 2}` }, soon())),
  );
  const told: string[] = [];
  while (told.length < 1200) {
    const { value } = await events.next();
    assert.ok(value?.kind === 'block');
    told.push(value.block.toString());
  }
  const owned = await store.listNodeBlocks('node1', soon());
  assert.deepEqual(
    told,
    owned.map(({ block }) => block.toString()),
  );
  await events.return?.();
});

test('closing the store ends its watches', async () => {
  using fixture = new SqliteFixture();
  const store = await fixture.open();
  const events = store.watchNode('node1', soon())[Symbol.asyncIterator]();
  await events.next();
  const ended = assert.rejects(
    events.next(),
    (error) => CoilError.is(error, 'store-unavailable') && /closed/.test(error.message),
  );
  // the watch waits by then
  await store.listPools(soon());
  await store[Symbol.asyncDispose]();
  await ended;
});
