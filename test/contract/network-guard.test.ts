import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { NetworkGuard } from '../../src/coild/network-guard.ts';
import { KeyedLock } from '../../src/ipam/keyed-lock.ts';
import { CoilError } from '../../src/model/error.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import { RecordingLogger } from '../../src/process/recording-logger.ts';
import type { AddressRecord } from '../../src/store/ipam-store.ts';
import { FakeBlockExporter } from './fake-block-exporter.ts';
import { FakeHostSide } from './fake-host-side.ts';
import { FakeNetworkChanges } from './fake-network-changes.ts';

const BLOCK = IpPrefix.parse('10.1.0.0/24');
const ROUTE = 'put back a route that somebody removed';

function record(pod: string, offset: number): AddressRecord {
  const assignment = {
    containerId: `c-${pod}`,
    namespace: 'ns',
    pod,
    createdAt: '2026-01-01T00:00:00Z',
    ifname: 'eth0',
  };
  return { block: BLOCK, offset, assignment, revision: 1 };
}

/** A guard over Pods `a` and `b`, whose links are right, and one block. */
class GuardedNode implements AsyncDisposable {
  readonly changes = new FakeNetworkChanges();
  readonly hostSide = new FakeHostSide();
  readonly exporter = new FakeBlockExporter();
  readonly lock = new KeyedLock();
  readonly logger = new RecordingLogger();
  readonly state = { records: [record('a', 1), record('b', 2)] };
  readonly ready = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor() {
    for (const pod of ['a', 'b']) this.hostSide.set(`veth-${pod}`, 'right');
  }

  /** Begins, and waits for what is compared at the beginning. */
  static async started(scanIntervalMs?: number): Promise<GuardedNode> {
    const node = new GuardedNode();
    await node.exporter.sync([BLOCK], AbortSignal.timeout(1000));
    node.ready.resolve();
    node.run(scanIntervalMs);
    await node.quiet();
    node.hostSide.calls.length = 0;
    node.exporter.calls.length = 0;
    return node;
  }

  run(scanIntervalMs = 600_000): void {
    const { changes, hostSide, state, lock, logger, exporter } = this;
    const keeper = {
      export: async (signal: AbortSignal) => (await exporter.sync([BLOCK], signal)).added,
      exportUntilDone: async () => void (await exporter.sync([BLOCK], this.#stop.signal)),
    };
    const guard = new NetworkGuard(
      { scanIntervalMs },
      {
        ...{ changes, hostSide, state, keeper, lock, logger },
        hostIfname: (_namespace, pod) => `veth-${pod}`,
        sync: { ready: () => this.ready.promise },
        clock: () => performance.now(),
        now: () => new Date(),
      },
    );
    this.#running = guard.run(this.#stop.signal);
  }

  /** Until nothing happens any more that does not wait for time. */
  async quiet(): Promise<void> {
    for (let turns = 0; turns < 50; turns++) await turn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.ready.resolve();
    await this.#running;
  }
}

test('nothing is touched before it is known what should be', async () => {
  await using node = new GuardedNode();
  node.run();
  node.changes.tell({ exportedRoutes: true, links: new Set(['veth-a']) });
  await node.quiet();
  assert.deepEqual([node.hostSide.calls, node.exporter.calls], [[], []]);
  node.ready.resolve();
  await node.quiet();
  assert.deepEqual(node.exporter.exported, ['10.1.0.0/24']);
});

test('a change has just that compared which it touched', async () => {
  await using node = await GuardedNode.started();
  const after = async (change: Parameters<FakeNetworkChanges['tell']>[0]) => {
    node.hostSide.calls.length = 0;
    node.exporter.calls.length = 0;
    node.changes.tell(change);
    await node.quiet();
    return [...node.hostSide.calls, ...node.exporter.calls.map(String)];
  };
  assert.deepEqual(await after({ destinations: new Set(['10.1.0.1']) }), ['look veth-a']);
  assert.deepEqual(await after({ links: new Set(['veth-b']) }), ['look veth-b']);
  assert.deepEqual(await after({ exportedRoutes: true }), ['10.1.0.0/24']);
  assert.deepEqual(await after({ destinations: new Set(['10.9.9.9']), links: new Set(['br0']) }), []);
  assert.deepEqual(await after('unknown'), ['look veth-a', 'look veth-b', '10.1.0.0/24']);
});

test('what is damaged is mended, with a line that says what', async () => {
  await using node = await GuardedNode.started();
  node.hostSide.set('veth-a', 'damaged');
  node.changes.tell({ destinations: new Set(['10.1.0.1']) });
  await node.quiet();
  const [line, ...others] = node.logger.records.filter(({ level }) => level !== 'debug');
  assert.deepEqual(others, []);
  assert.deepEqual(line, {
    level: 'warn',
    message: ROUTE,
    fields: {
      ...{ namespace: 'ns', pod: 'a', containerId: 'c-a', link: 'veth-a', addresses: ['10.1.0.1'] },
      ...{ found: ['route 10.1.0.1 is missing'], inARow: 1 },
    },
  });
});

test('while a Pod is attached or detached it is looked at only; what a DEL took away stays away', async () => {
  await using node = await GuardedNode.started();
  const del = Promise.withResolvers<void>();
  const detaching = node.lock.run('ns/a', AbortSignal.timeout(10_000), () => del.promise);
  node.hostSide.set('veth-a', 'damaged');
  node.changes.tell({ destinations: new Set(['10.1.0.1']) });
  await node.quiet();
  assert.deepEqual(node.hostSide.calls, ['look veth-a']);
  node.state.records.shift();
  del.resolve();
  await detaching;
  await node.quiet();
  assert.deepEqual(node.hostSide.calls, ['look veth-a']);
  assert.deepEqual(node.logger.messages.includes(ROUTE), false);
});

test('an address that is freed at the last moment, without the lock, gets no route', async () => {
  await using node = await GuardedNode.started();
  node.hostSide.set('veth-a', 'damaged');
  const mend = node.hostSide.mend.bind(node.hostSide);
  node.hostSide.mend = (attachment, isWanted) => {
    node.state.records.shift();
    return mend(attachment, isWanted);
  };
  node.changes.tell({ links: new Set(['veth-a']) });
  await node.quiet();
  assert.deepEqual(node.hostSide.calls, ['look veth-a', 'mend veth-a']);
  assert.equal(node.logger.messages.includes(ROUTE), false);
});

test('one Pod that is busy keeps no other from being mended', async () => {
  await using node = await GuardedNode.started();
  const adding = Promise.withResolvers<void>();
  const held = node.lock.run('ns/a', AbortSignal.timeout(10_000), () => adding.promise);
  for (const pod of ['a', 'b']) node.hostSide.set(`veth-${pod}`, 'damaged');
  node.changes.tell('unknown');
  await node.quiet();
  assert.deepEqual(
    node.logger.records.filter(({ message }) => message === ROUTE).map(({ fields }) => fields.pod),
    ['b'],
  );
  adding.resolve();
  await held;
});

test('what fails is tried again', async () => {
  await using node = await GuardedNode.started();
  node.hostSide.set('veth-a', 'damaged');
  node.hostSide.failures.push(new CoilError('network', 'the table changed too often while it was read'));
  node.changes.tell({ links: new Set(['veth-a']) });
  const deadline = performance.now() + 5_000;
  while (!node.logger.messages.includes(ROUTE) && performance.now() < deadline) await turn();
  assert.deepEqual(
    node.logger.messages.filter((message) => !message.startsWith('comparing')),
    ['cannot see to the network of a Pod; trying again', ROUTE],
  );
});

test('where somebody undoes it at once, again and again, it is not a race: after five times it waits', async () => {
  await using node = await GuardedNode.started();
  for (let i = 0; i < 20; i++) {
    node.hostSide.set('veth-a', 'damaged');
    node.changes.tell({ links: new Set(['veth-a']) });
    node.exporter.removeRoute(BLOCK);
    node.changes.tell({ exportedRoutes: true });
    await node.quiet();
  }
  const mended = node.logger.records.filter(({ message }) => message === ROUTE);
  assert.deepEqual(
    mended.map(({ fields }) => fields.inARow),
    [1, 2, 3, 4, 5],
  );
  assert.equal(node.exporter.calls.length, 5);
});

test('a link that is gone is told, once for each deletion, and not where it is there again', async () => {
  await using node = await GuardedNode.started();
  node.changes.tell({ deletedLinks: new Set(['veth-a']) });
  await node.quiet();
  const told = () =>
    node.logger.messages.filter((message) => message.startsWith('the link of a Pod was deleted')).length;
  assert.equal(told(), 0);
  node.hostSide.set('veth-a', 'gone');
  node.changes.tell({ deletedLinks: new Set(['veth-a']) });
  node.changes.tell('unknown');
  await node.quiet();
  assert.equal(told(), 1);
});

test('a watch that ends is begun anew, and then everything is compared', async () => {
  await using node = new GuardedNode();
  node.changes.failures.push(new CoilError('network', 'lost'));
  node.ready.resolve();
  node.run();
  const deadline = performance.now() + 5_000;
  while (node.hostSide.calls.length < 2 && performance.now() < deadline) await turn();
  assert.deepEqual(node.hostSide.calls, ['look veth-a', 'look veth-b']);
  assert.ok(node.logger.messages.includes("cannot follow the changes of the node's network; trying again"));
});

test('at each scan every Pod is looked at, whatever was announced', async () => {
  await using node = await GuardedNode.started(20);
  node.hostSide.set('veth-b', 'damaged');
  const deadline = performance.now() + 5_000;
  while (!node.logger.messages.includes(ROUTE) && performance.now() < deadline) await turn();
  assert.ok(node.logger.messages.includes(ROUTE));
});
