import assert from 'node:assert/strict';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { test } from 'node:test';
import { SqliteFixture } from './sqlite-fixture.ts';
import { allocated, assignmentOf, poolOf, soon } from './store-fixture.ts';

test('no statement of a frequent call scans a table or sorts, however large the pool is', async (t) => {
  using fixture = new SqliteFixture();
  {
    await using first = await fixture.open();
    await first.createPool('default', poolOf(2, '10.0.0.0/16'), soon());
  }
  const statements = new Set<string>();
  const { prepare } = DatabaseSync.prototype;
  t.mock.method(DatabaseSync.prototype, 'prepare', function (this: DatabaseSync, sql: string): StatementSync {
    statements.add(sql);
    return prepare.call(this, sql);
  });
  await using store = await fixture.open();
  statements.clear();
  const { block } = await store.acquireBlock({ node: 'node1', pool: 'default', family: 4 }, soon());
  const slots = [{ block, offset: 1 }];
  const records = allocated(await store.allocate({ node: 'node1', slots, assignment: assignmentOf('c') }, soon()));
  await store.free(records, soon());
  await store.releaseBlock('node1', { pool: 'default', block }, soon());
  const queries = [...statements].filter((sql) => /^\s*(SELECT|UPDATE|DELETE|INSERT)/.test(sql));
  assert.ok(queries.length >= 10, `${queries.length} statements were seen`);
  for (const sql of queries) {
    const plan = fixture.query(`EXPLAIN QUERY PLAN ${sql}`).map(({ detail }) => String(detail));
    for (const step of plan) assert.doesNotMatch(step, /^SCAN|TEMP B-TREE/, `${sql}\n${plan.join('\n')}`);
  }
});
