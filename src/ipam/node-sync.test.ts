import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CoilError } from '../model/error.ts';
import { IpPrefix } from '../model/ip-prefix.ts';
import { Backoff } from '../process/backoff.ts';
import { RecordingLogger } from '../process/recording-logger.ts';
import type { NodeChange, NodeSnapshot } from '../store/ipam-store.ts';
import { NodeState } from './node-state.ts';
import { NodeSync } from './node-sync.ts';

const KEEPER = {
  exportUntilDone: async () => undefined,
};

const EMPTY: NodeSnapshot = {
  kind: 'snapshot',
  revision: 1,
  pools: new Map(),
  blocks: [],
  addresses: [],
  unreadable: [],
};

/** A datastore whose watch gives an empty snapshot, and goes on until `lose`, then fails until `restore`. */
class Watched {
  #lost = Promise.withResolvers<never>();
  #available = true;

  async *watchNode(_node: string, signal: AbortSignal): AsyncGenerator<NodeSnapshot | NodeChange> {
    if (!this.#available) throw new CoilError('store-unavailable', 'lost');
    yield EMPTY;
    const aborted = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => aborted.resolve());
    await Promise.race([this.#lost.promise, aborted.promise]);
  }

  lose(): void {
    this.#available = false;
    this.#lost.promise.catch(() => undefined);
    this.#lost.reject(new CoilError('store-unavailable', 'lost'));
  }

  restore(): void {
    this.#available = true;
    this.#lost = Promise.withResolvers();
  }
}

test('the state is fresh while it is watched, and not while the watch is lost; what was read stays of use', async () => {
  const store = new Watched();
  const stop = new AbortController();
  const sync = new NodeSync(
    { node: 'node1', scanIntervalMs: 60_000, backoff: new Backoff({ baseMs: 1, maxMs: 1 }) },
    {
      store,
      state: new NodeState({ restMs: 0 }, { clock: () => 0 }),
      keeper: { ...KEEPER, returnEmpty: async () => undefined },
      logger: new RecordingLogger(),
    },
  );
  assert.equal(sync.isFresh, false);
  const running = sync.run(stop.signal);
  await sync.ready(AbortSignal.timeout(5_000));
  assert.equal(sync.isFresh, true);
  store.lose();
  await until(() => !sync.isFresh);
  await sync.ready(AbortSignal.timeout(5_000));
  store.restore();
  await until(() => sync.isFresh);
  stop.abort();
  await running;
});

test('what was read before a change whose outcome is unknown is not relied upon, though the read had begun', async () => {
  const stop = new AbortController();
  const reads: PromiseWithResolvers<void>[] = [];
  const watchNode = async function* () {
    const read = Promise.withResolvers<void>();
    reads.push(read);
    await read.promise;
    yield EMPTY;
  };
  const sync = new NodeSync(
    { node: 'node1', scanIntervalMs: 60_000, backoff: new Backoff({ baseMs: 1, maxMs: 1 }) },
    {
      store: { watchNode },
      state: new NodeState({ restMs: 0 }, { clock: () => 0 }),
      keeper: { ...KEEPER, returnEmpty: async () => undefined },
      logger: new RecordingLogger(),
    },
  );
  const running = sync.run(stop.signal);
  let isReady = false;
  const ready = sync.ready(AbortSignal.timeout(5_000)).then(() => {
    isReady = true;
  });
  await until(() => reads.length === 1);
  sync.renew('a change failed');
  reads[0]!.resolve();
  await until(() => reads.length === 2);
  assert.equal(isReady, false);
  reads[1]!.resolve();
  await ready;
  stop.abort();
  for (const read of reads) read.resolve();
  await running;
});

test('a value that cannot be read is logged, also where it came to be so while the node watches', async () => {
  const stop = new AbortController();
  const logger = new RecordingLogger();
  const before = new CoilError('corrupt-data', '/coil/pool/dmz: not JSON');
  const since = new CoilError('corrupt-data', '/coil/ip/10.1.0.0/7: not JSON');
  const slot = { block: IpPrefix.parse('10.1.0.0/28'), offset: 7 };
  const watchNode = async function* (): AsyncGenerator<NodeSnapshot | NodeChange> {
    yield { ...EMPTY, unreadable: [before] };
    yield { kind: 'address', slot, record: undefined, revision: 2, unreadable: since };
    await once(stop.signal, 'abort');
  };
  const sync = new NodeSync(
    { node: 'node1', scanIntervalMs: 60_000 },
    {
      store: { watchNode },
      state: new NodeState({ restMs: 0 }, { clock: () => 0 }),
      keeper: { ...KEEPER, returnEmpty: async () => undefined },
      logger,
    },
  );
  const running = sync.run(stop.signal);
  const told = () =>
    logger.records.filter(({ message }) => message.startsWith('a value in the datastore cannot be read'));
  await until(() => told().length === 2).finally(() => stop.abort());
  assert.deepEqual(
    told().map(({ fields }) => fields.error),
    [before, since],
  );
  await running;
});

test('a scan that fails is logged, and the next one comes all the same', async () => {
  const stop = new AbortController();
  const logger = new RecordingLogger();
  let scans = 0;
  const returnEmpty = async () => {
    if (++scans < 3) throw new CoilError('store-unavailable', 'etcd is down');
  };
  const sync = new NodeSync(
    { node: 'node1', scanIntervalMs: 1 },
    {
      store: new Watched(),
      state: new NodeState({ restMs: 0 }, { clock: () => 0 }),
      keeper: { ...KEEPER, returnEmpty },
      logger,
    },
  );
  const running = sync.run(stop.signal);
  await until(() => scans > 3);
  stop.abort();
  await running;
  const failed = 'cannot return empty blocks; trying again at the next scan';
  assert.deepEqual(
    logger.messages.filter((message) => message === failed),
    [failed, failed],
  );
});

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 5_000; !condition(); ) {
    assert.ok(performance.now() < deadline, 'not within 5 s');
    await turn();
  }
}
