import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EtcdAddresses } from '../../src/store/etcd/etcd-addresses.ts';
import { EtcdBlocks } from '../../src/store/etcd/etcd-blocks.ts';
import { type EtcdDatabase, etcdDatabase } from '../../src/store/etcd/etcd-database.ts';
import { Keys } from '../../src/store/etcd/keys.ts';
import { takeSnapshot } from '../../src/store/etcd/node-snapshot.ts';
import type { AddressRecord, NodeSnapshot, PoolBlock } from '../../src/store/ipam-store.ts';
import { allocated, assignmentOf, fails, poolOf, soon } from '../contract/store-fixture.ts';
import { EtcdFixture } from './etcd-fixture.ts';
import { EtcdServer } from './etcd-server.ts';
import { SlowClient } from './slow-client.ts';

const NODE = 'node1';
const TIMEOUT = { timeout: 60_000 };

let server: EtcdServer;
before(async () => {
  server = await EtcdServer.start();
});
after(() => server[Symbol.asyncDispose]());

/** A coild's slow way to etcd. */
class Way extends SlowClient {
  readonly db: EtcdDatabase;
  readonly addresses: EtcdAddresses;
  readonly blocks: EtcdBlocks;

  constructor({ prefix }: EtcdFixture) {
    super({ endpoints: [server.url] });
    this.db = etcdDatabase({ client: this.client, keys: new Keys(prefix) }, NODE);
    this.addresses = new EtcdAddresses(this.db);
    this.blocks = new EtcdBlocks(this.db);
  }

  async snapshot(): Promise<NodeSnapshot> {
    return await takeSnapshot(this.db, NODE, soon());
  }
}

interface Owned {
  readonly owned: PoolBlock;
  /** Of its first address. */
  readonly record: AddressRecord;
}

/** A coild with a block of four addresses, of which one is given, in a pool of one block. */
async function withNode(body: (fixture: EtcdFixture, way: Way, owned: Owned) => Promise<void>): Promise<void> {
  await using fixture = new EtcdFixture(server);
  await using way = new Way(fixture);
  const store = await fixture.open();
  await store.createPool('default', poolOf(2, '10.0.0.0/30'), soon());
  const owned = await store.acquireBlock({ node: NODE, pool: 'default', family: 4 }, soon());
  const record = await give(way, owned, 0);
  await body(fixture, way, { owned, record });
}

async function give({ addresses }: Way, { block }: PoolBlock, offset: number, signal = soon()): Promise<AddressRecord> {
  const assignment = assignmentOf(`c${offset}`);
  const request = { node: NODE, slots: [{ block, offset }], assignment };
  return allocated(await addresses.allocate(request, signal))[0]!;
}

interface Change {
  readonly prepare?: (way: Way, owned: Owned) => Promise<unknown>;
  readonly ask: (way: Way, owned: Owned, signal: AbortSignal) => Promise<unknown>;
  readonly isDone: (snapshot: NodeSnapshot) => boolean;
}

const CHANGES: Readonly<Record<string, Change>> = {
  'an allocation': {
    ask: (way, { owned }, signal) => give(way, owned, 1, signal),
    isDone: ({ addresses }) => addresses.length === 2,
  },
  'the freeing of an address': {
    ask: ({ addresses }, { record }, signal) => addresses.free([record], signal),
    isDone: ({ addresses }) => addresses.length === 0,
  },
  'the return of a block': {
    prepare: ({ addresses }, { record }) => addresses.free([record], soon()),
    ask: ({ blocks }, { owned }, signal) => blocks.release(NODE, owned, signal),
    isDone: ({ blocks }) => blocks.length === 0,
  },
};

for (const [what, { prepare, ask, isDone }] of Object.entries(CHANGES)) {
  const cases: readonly [who: string, end: (way: Way, abort: AbortController) => void, isNext: boolean][] = [
    ['its coild gave up', (_, abort) => abort.abort(new Error('given up')), false],
    ['its coild got no answer to', (way) => way.break(), false],
    ['a killed coild asked for', (_, abort) => abort.abort(new Error('killed')), true],
  ];
  for (const [who, end, isNext] of cases) {
    test(`${what} that ${who} is not done any more once its node was looked at`, TIMEOUT, () =>
      withNode(async (fixture, way, owned) => {
        await prepare?.(way, owned);
        const abort = new AbortController();
        way.isSlow = true;
        const asked = ask(way, owned, abort.signal);
        while (way.late.length === 0) await new Promise(setImmediate);
        way.isSlow = false;
        await using looking = isNext ? new Way(fixture) : way;
        end(way, abort);
        // who gives up may look in the same moment, who waits for the answer not before it failed
        const looked = abort.signal.aborted ? looking.snapshot() : undefined;
        await assert.rejects(asked, /given up|the connection broke|killed/);
        assert.equal(isDone(await (looked ?? looking.snapshot())), false);
        assert.equal((await way.late[0]!()).succeeded, false, 'it was done late');
        assert.equal(isDone(await looking.snapshot()), false);
        await ask(looking, owned, soon());
        assert.equal(isDone(await looking.snapshot()), true, 'it is when it is asked for anew');
      }),
    );
  }
}

test('what is under way when another change is given up is done all the same', TIMEOUT, async () => {
  await using fixture = new EtcdFixture(server);
  await using way = new Way(fixture);
  const store = await fixture.open();
  await store.createPool('default', poolOf(8, '10.0.0.0/24'), soon());
  const owned = await store.acquireBlock({ node: NODE, pool: 'default', family: 4 }, soon());
  const answered: number[] = [];
  await Promise.all(
    Array.from({ length: 200 }, async (_, offset) => {
      const abort = new AbortController();
      if (offset % 10 === 0) setTimeout(() => abort.abort(), offset / 20);
      try {
        await give(way, owned, offset, AbortSignal.any([abort.signal, soon()]));
        answered.push(offset);
      } catch (error) {
        if (!abort.signal.aborted) throw error;
      }
    }),
  );
  assert.ok(answered.length >= 180, `only ${answered.length} were answered`);
  const found = new Set((await way.snapshot()).addresses.map(({ offset }) => offset));
  assert.deepEqual(
    answered.filter((offset) => !found.has(offset)),
    [],
  );
});

test('a term goes with the blocks of its node, and a coild that runs on begins another', TIMEOUT, () =>
  withNode(async (fixture, way) => {
    const term = await fixture.keys.get(`term/${NODE}`).string();
    assert.ok(term);
    const store = await fixture.open();
    await store.releaseNode(NODE, soon());
    assert.equal(await fixture.keys.get(`term/${NODE}`).string(), null);
    const owned = await store.acquireBlock({ node: NODE, pool: 'default', family: 4 }, soon());
    await give(way, owned, 1);
    assert.notEqual(await fixture.keys.get(`term/${NODE}`).string(), term);
  }),
);

test('where somebody else begins terms of the node all the time, the change fails and says why', TIMEOUT, () =>
  withNode(async (fixture, way, { owned }) => {
    way.interrupt = async () => void (await fixture.keys.put(`term/${NODE}`).value("another's"));
    await fails(
      give(way, owned, 1),
      'conflict',
      /cannot allocate 10\.0\.0\.1 .*as node node1; is COIL_NODE_NAME right/,
    );
  }),
);
