import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { CoilError } from '../../src/model/error.ts';
import type { IpamStore } from '../../src/store/ipam-store.ts';
import type { Journal } from '../../src/store/offline/journal.ts';
import { withOverrides } from '../contract/ipam-node.ts';
import { soon } from '../contract/store-fixture.ts';
import { add, agrees, del, type OfflineNode, type OfflineSetup, offlineTest, until } from './offline-fixture.ts';

// what survives the end of a process does so in memory too, where nothing waits for a disk
process.env.TMPDIR = '/dev/shm';

/** The end of a process, as kill -9 makes it: what was written stays, and nothing is written or asked any more. */
class Kill {
  isDead = false;
  readonly died = Promise.withResolvers<void>();
  #left: number;
  readonly #isAfter: boolean;

  /** At the `nth` write of the journal, right before or after it. */
  constructor(nth: number, isAfter: boolean) {
    this.#left = nth;
    this.#isAfter = isAfter;
  }

  /** Whether it has not come to it; now it does not any more. */
  disarm(): boolean {
    const isLeft = this.#left > 0;
    this.#left = 0;
    return isLeft;
  }

  journal(journal: Journal): Journal {
    const guarded = {
      write: (...args: Parameters<Journal['write']>) => {
        this.#check();
        const isNow = this.#isNow();
        if (isNow && !this.#isAfter) this.#die();
        const value = journal.write(...args);
        if (isNow) this.#die();
        return value;
      },
      commit: async (...args: Parameters<Journal['commit']>) => {
        this.#check();
        const isNow = this.#isNow();
        if (isNow && !this.#isAfter) this.#die();
        const value = await journal.commit(...args);
        if (isNow) this.#die();
        this.#check();
        return value;
      },
    };
    return withOverrides(journal, guarded as Partial<Journal>);
  }

  /** The datastore, for as long as the process lives. */
  store(store: IpamStore): IpamStore {
    return new Proxy(store, {
      get: (target, name) => {
        const found = Reflect.get(target, name);
        if (typeof found !== 'function') return found;
        return (...args: unknown[]) => {
          this.#check();
          return found.apply(target, args);
        };
      },
    });
  }

  #isNow(): boolean {
    return this.#left > 0 && --this.#left === 0;
  }

  #check(): void {
    if (this.isDead) throw new CoilError('internal', 'the process is dead');
  }

  #die(): never {
    this.isDead = true;
    this.died.resolve();
    throw new CoilError('internal', 'the process is killed');
  }
}

type Step = (node: OfflineNode, setup: OfflineSetup) => Promise<unknown> | unknown;

/** Pods come and go before, during and after an outage. A step that failed is repeated, as the runtime does. */
const STEPS: readonly Step[] = [
  (node) => add(node, 'a'),
  (node) => add(node, 'b'),
  (node) => del(node, 'a'),
  (_, { remote }) => remote.fail('answers-lost'),
  (node) => add(node, 'c'),
  (_, { remote }) => remote.fail('down'),
  (node) => del(node, 'b'),
  (node) => add(node, 'd'),
  (node) => add(node, 'e'),
  (node) => del(node, 'd'),
  (_, { remote }) => remote.restore(),
  (node) => until(() => !node.store.isOffline && node.store.status.pendingWrites === 0, 'the datastore is back'),
  (node) => add(node, 'f'),
  (node) => del(node, 'c'),
];

/** More writes than the steps make. */
const WRITES = 60;

describe('kill -9', { concurrency: 2 }, () => {
  for (const isAfter of [false, true]) {
    offlineTest(
      `kill -9 right ${isAfter ? 'after' : 'before'} each write of the journal: repeated, all ends in the same state`,
      async (setup) => {
        for (let nth = 1; nth < WRITES; nth++) {
          const kill = new Kill(nth, isAfter);
          if (await runThrough(setup, kill)) return;
        }
        assert.fail(`there were more than ${WRITES} writes`);
      },
    );
  }
});

/** Runs all steps, and leaves the datastore without an address. Whether it did not come to the kill. */
async function runThrough(setup: OfflineSetup, kill: Kill): Promise<boolean> {
  const { remote, start } = setup;
  let node = await start({
    restMs: 0,
    keepSpare: false,
    remote: kill.store(remote.store),
    wrapJournal: kill.journal.bind(kill),
  });
  const restart = async () => {
    await node.crash();
    node = await start({ restMs: 0, keepSpare: false });
  };
  const hadDied = () => kill.isDead;
  let isRestarted = false;
  for (const step of STEPS) {
    for (;;) {
      const done = Promise.resolve(step(node, setup)).then(
        () => !hadDied() || isRestarted,
        (error: unknown) => {
          if (isRestarted || !hadDied()) throw error;
          return false;
        },
      );
      if (await Promise.race([done, ...(isRestarted ? [] : [kill.died.promise.then(() => false)])])) break;
      done.catch(() => undefined);
      isRestarted = true;
      await restart();
    }
  }
  const isOver = kill.disarm();
  if (hadDied() && !isRestarted) await restart();
  await node.node.sync.ready(soon());
  const addresses = node.node.state.records.map(({ block, offset, assignment }) => [
    assignment.containerId,
    block.nth(offset),
  ]);
  const of = Object.fromEntries(addresses) as Record<string, object>;
  await agrees(setup, node, [`${of.e} e`, `${of.f} f`]);
  await del(node, 'e', 'f');
  await agrees(setup, node, []);
  await node.crash();
  return isOver;
}
