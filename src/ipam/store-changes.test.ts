import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CoilError, type CoilErrorCode } from '../model/error.ts';
import { Backoff } from '../process/backoff.ts';
import { RecordingLogger } from '../process/recording-logger.ts';
import type { FreeOutcome } from '../store/ipam-store.ts';
import { StoreChanges } from './store-changes.ts';

const FREED: FreeOutcome = { outcome: 'freed', revision: 1 };
const soon = () => AbortSignal.timeout(5_000);

/** A datastore whose changes fail with `code` where there is one, and whose tries are counted. */
class Datastore {
  code: CoilErrorCode | undefined;
  tries = 0;

  async checkWritable(): Promise<void> {
    this.tries++;
    this.#fail();
  }

  async free(): Promise<FreeOutcome> {
    this.#fail();
    return FREED;
  }

  readonly acquireBlock = () => assert.fail('not called');
  readonly releaseBlock = () => assert.fail('not called');
  readonly allocate = () => assert.fail('not called');
  readonly listAddresses = () => assert.fail('not called');

  #fail(): void {
    if (this.code) throw new CoilError(this.code, 'the disk is full');
  }
}

/** The changes of a datastore; each wait between two tries ends when `next` is called. */
function setUp() {
  const store = new Datastore();
  const logger = new RecordingLogger();
  let waiting = Promise.withResolvers<void>();
  let begun = Promise.withResolvers<void>();
  const sleep = async () => {
    begun.resolve();
    await waiting.promise;
  };
  const changes = new StoreChanges({ store, logger, backoff: new Backoff({ baseMs: 1, maxMs: 1 }, { sleep }) });
  /** Ends the wait that there is, and waits for the next one. */
  const next = async () => {
    await begun.promise;
    begun = Promise.withResolvers();
    waiting.resolve();
    waiting = Promise.withResolvers();
  };
  return { store, logger, changes, next, waits: () => begun.promise };
}

test('what cannot be changed at the start is told, until it can', async () => {
  const { store, logger, changes, next, waits } = setUp();
  store.code = 'store-unavailable';
  const stop = new AbortController();
  const running = changes.run(stop.signal);
  await waits();
  assert.equal(changes.failure, 'the disk is full');
  await next();
  await waits();
  assert.deepEqual([store.tries, logger.messages], [2, ['cannot change the datastore; trying again']]);
  store.code = undefined;
  await next();
  await until(() => changes.failure === undefined);
  assert.deepEqual(logger.messages.slice(1), ['the datastore can be changed again']);
  assert.equal(store.tries, 3, 'nothing is tried while all is well');
  stop.abort();
  await running;
});

test('a change that fails is told at once, and only a try that succeeds ends that', async () => {
  const { store, changes, next, waits } = setUp();
  const stop = new AbortController();
  const running = changes.run(stop.signal);
  await until(() => store.tries === 1);
  store.code = 'store-unavailable';
  await assert.rejects(changes.free([], soon()), /the disk is full/);
  assert.equal(changes.failure, 'the disk is full');
  await waits();
  store.code = undefined;
  assert.equal(await changes.free([], soon()), FREED);
  assert.equal(changes.failure, 'the disk is full');
  await next();
  await until(() => changes.failure === undefined);
  stop.abort();
  await running;
});

test('an answer of the datastore, though it is an error, is not told', async () => {
  const { store, changes } = setUp();
  store.code = 'out-of-blocks';
  await assert.rejects(changes.free([], soon()), /the disk is full/);
  assert.equal(changes.failure, undefined);
});

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 5_000; !condition(); ) {
    assert.ok(performance.now() < deadline, 'not within 5 s');
    await turn();
  }
}
