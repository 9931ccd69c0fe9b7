import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SqliteIpamStore } from '../../src/store/sqlite/sqlite-ipam-store.ts';
import { SqliteFixture } from './sqlite-fixture.ts';
import { ip, poolOf, soon } from './store-fixture.ts';

const WORKER = fileURLToPath(new URL('sqlite-worker.ts', import.meta.url));
const LIMIT = { timeout: 60_000 };

interface Line {
  readonly block?: string;
  readonly offset?: number;
  readonly containerId?: string;
}

interface Worker extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly lines: AsyncIterable<string>;
}

/** A process that is gone when the test is over, however it ends. */
function start(role: string, path: string, node: string): Worker {
  const child = spawn(process.execPath, [WORKER, role, path, node], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  return {
    child,
    lines: createInterface({ input: child.stdout! }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function readAll(lines: AsyncIterable<string>): Promise<Line[]> {
  const all: Line[] = [];
  for await (const line of lines) all.push(JSON.parse(line));
  return all;
}

test('several processes on one file: no duplicate, nothing lost', LIMIT, async () => {
  using fixture = new SqliteFixture();
  await using store = await fixture.open();
  await store.createPool('default', poolOf(8, '10.0.0.0/24'), soon());
  await store.createPool('blocks', poolOf(2, '10.1.0.0/24'), soon());
  await store.acquireBlock({ node: 'shared', pool: 'default', family: 4 }, soon());
  await using stack = new AsyncDisposableStack();
  const nodes = ['node1', 'node2', 'node3', 'node4'];
  const workers = nodes.map((node) => stack.use(start('share', fixture.path, node)));
  const told = await Promise.all(workers.map(({ lines }) => readAll(lines)));

  const assignment = await store.getBlockAssignment('blocks', ip('10.1.0.0/24'), soon());
  for (const [i, node] of nodes.entries()) {
    const blocks = told[i]!.map(({ block }) => block).filter((block) => block !== undefined);
    assert.equal(blocks.length, 8);
    assert.deepEqual(assignment.blocksOf(node).map(String), blocks);
  }
  assert.equal(assignment.freeList.length, 32);
  assert.equal(assignment.total, 64);

  const records = await store.listAddresses(ip('10.0.0.0/24'), soon());
  const recorded = records.map(({ offset, assignment: { containerId } }) => ({ offset, containerId }));
  const acknowledged = told.flat().filter(({ offset }) => offset !== undefined);
  assert.equal(acknowledged.length, 160);
  assert.deepEqual(
    recorded,
    acknowledged.toSorted((a, b) => a.offset! - b.offset!),
  );
});

test('a watch is told of what another process changes', LIMIT, async () => {
  using fixture = new SqliteFixture();
  await using store = await fixture.open();
  await store.createPool('blocks', poolOf(2, '10.1.0.0/16'), soon());
  const events = store.watchNode('node1', soon())[Symbol.asyncIterator]();
  await events.next();
  await using _writer = start('write', fixture.path, 'node1');
  const kinds: unknown[] = [];
  while (kinds.length < 8) kinds.push((await events.next()).value?.kind);
  // a block, and then 0 assigned, 1 assigned and freed, 2, 3 likewise
  assert.deepEqual(kinds, ['block', ...Array(6).fill('address'), 'block']);
  await events.return?.();
});

test(
  'a process that is killed while it writes leaves all that was acknowledged, and nothing by halves',
  LIMIT,
  async () => {
    using fixture = new SqliteFixture();
    await using store = await fixture.open();
    await store.createPool('blocks', poolOf(2, '10.1.0.0/16'), soon());
    const acknowledged: string[] = [];
    for (let round = 0; round < 4; round++) {
      await using writer = start('write', fixture.path, `node${round}`);
      for await (const line of writer.lines) {
        acknowledged.push(line);
        // the killed one is always somewhere else in its next change
        if (acknowledged.length > 30 * (round + 1) + Math.random() * 10) break;
      }
      writer.child.kill('SIGKILL');
      // by now it may have written, and told, more
    }
    assert.deepEqual(fixture.query('PRAGMA integrity_check'), [{ __proto__: null, integrity_check: 'ok' }]);
    assert.deepEqual(fixture.query('PRAGMA foreign_key_check'), []);
    await assertKept(store, acknowledged);
    await store.acquireBlock({ node: 'next', pool: 'blocks', family: 4 }, soon());
  },
);

/** What was acknowledged is recorded, and what is recorded stands in owned blocks. */
async function assertKept(store: SqliteIpamStore, acknowledged: readonly string[]): Promise<void> {
  assert.ok(acknowledged.length > 100);
  const recorded = new Set<string>();
  for (const blocks of (await store.listBlocks(soon())).values()) {
    for (const { block } of blocks) {
      for (const { offset } of await store.listAddresses(block, soon()))
        recorded.add(JSON.stringify({ block, offset }));
    }
  }
  for (const line of acknowledged) assert.ok(recorded.has(line), `${line} was acknowledged, and is not there`);
}
