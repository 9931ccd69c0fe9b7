import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { AllocationRequest } from '../../src/ipam/node-ipam.ts';
import { Backoff } from '../../src/process/backoff.ts';
import { RecordingLogger } from '../../src/process/recording-logger.ts';
import type { AddressRecord, IpamStore } from '../../src/store/ipam-store.ts';
import { Journal } from '../../src/store/offline/journal.ts';
import { recordOf } from '../../src/store/offline/journal-rows.ts';
import { OfflineStore } from '../../src/store/offline/offline-store.ts';
import { IpamNode, type IpamNodeOptions } from '../contract/ipam-node.ts';
import { SqliteFixture } from '../contract/sqlite-fixture.ts';
import { poolOf, soon } from '../contract/store-fixture.ts';
import { UnreliableStore } from './unreliable-store.ts';

/** A node as coild makes it, over a journal and a datastore that can fail. */
export interface OfflineNode extends AsyncDisposable {
  readonly node: IpamNode;
  readonly store: OfflineStore;
  /** What the journal says is assigned. */
  readonly journaled: () => readonly string[];
  readonly logger: RecordingLogger;
  /** As kill -9: what it has under way comes to nothing, and nothing is finished. */
  crash(): Promise<void>;
}

interface StartOptions extends IpamNodeOptions {
  readonly remote: IpamStore;
  readonly prefix?: string;
  readonly wrapJournal?: (journal: Journal) => Journal;
}

export interface OfflineSetup {
  /** The datastore itself. */
  readonly store: IpamStore;
  readonly remote: UnreliableStore;
  readonly fixture: SqliteFixture;
  readonly journal: string;
  start(options?: Partial<StartOptions>): Promise<OfflineNode>;
}

/** A test over a datastore with a pool `default` of 16 blocks of 4 addresses. */
export function offlineTest(
  name: string,
  body: (setup: OfflineSetup) => Promise<void>,
  { skip = false }: { readonly skip?: string | false } = {},
): void {
  test(name, { timeout: 30_000, skip }, async () => {
    using fixture = new SqliteFixture();
    await using store = await fixture.open({ pollMs: 5 });
    await store.createPool('default', poolOf(2, '10.0.0.0/26'), soon());
    await using nodes = new AsyncDisposableStack();
    const remote = new UnreliableStore(store);
    const journal = join(fixture.folder, 'journal', 'journal.db');
    const start: OfflineSetup['start'] = async (options = {}) => {
      const started = await startNode({ remote: remote.store, ...options, journal });
      nodes.use(started);
      return started;
    };
    await body({ store, remote, fixture, journal, start });
  });
}

async function startNode({
  remote,
  journal: path,
  prefix = '/coil/',
  wrapJournal = (journal) => journal,
  ...options
}: StartOptions & { readonly journal: string }): Promise<OfflineNode> {
  const name = options.node ?? 'node1';
  const journal = await Journal.open({ path, node: name, prefix }, soon());
  const logger = new RecordingLogger();
  // the datastore is the test's
  const borrowed = new Proxy(remote, {
    get: (target, member) => (member === Symbol.asyncDispose ? async () => undefined : Reflect.get(target, member)),
  });
  const backoff = new Backoff({ baseMs: 5, maxMs: 20 });
  const store = new OfflineStore({
    node: name,
    remote: borrowed,
    journal: wrapJournal(journal),
    now: () => new Date(),
    logger,
    backoff,
  });
  const node = new IpamNode(store, { ...options, isOffline: () => store.isOffline });
  let isOver = false;
  const crash = async () => {
    if (isOver) return;
    isOver = true;
    await journal[Symbol.asyncDispose]();
    await node[Symbol.asyncDispose]();
  };
  const journaled = () => journal.read(({ mirror }) => mirror.addresses.map(recordOf).map(textOf).sort());
  return { node, store, journaled, logger, crash, [Symbol.asyncDispose]: crash };
}

export const pod = (containerId: string, more: Partial<AllocationRequest> = {}): AllocationRequest => ({
  ...{ containerId, ifname: 'eth0', namespace: 'default', pod: `pod-${containerId}`, ...more },
});

/** ADD's addresses. */
export async function add({ node }: OfflineNode, ...containers: readonly string[]): Promise<string[]> {
  const all = await Promise.all(containers.map((each) => node.ipam.allocate(pod(each), soon())));
  return all.flatMap(({ addresses }) => addresses.map(String));
}

/** DEL's. */
export async function del({ node }: OfflineNode, ...containers: readonly string[]): Promise<string[]> {
  const all = await Promise.all(containers.map((each) => node.ipam.release(pod(each), soon())));
  return all.flatMap((addresses) => addresses.map(String));
}

/** `ADDRESS CONTAINER` of all that is assigned, in order. */
export async function recorded(store: IpamStore): Promise<readonly string[]> {
  const found: string[] = [];
  for (const blocks of (await store.listBlocks(soon())).values()) {
    for (const { block } of blocks) {
      found.push(...(await store.listAddresses(block, soon())).map(textOf));
    }
  }
  return found.sort();
}

/** What a node says is assigned. */
export function known({ node }: OfflineNode): readonly string[] {
  return node.state.records.map(textOf).sort();
}

function textOf({ block, offset, assignment }: AddressRecord): string {
  return `${block.nth(offset)} ${assignment.containerId}`;
}

/** Waits until the datastore is reached, and asserts that it, the node and the journal have the same. */
export async function agrees({ store }: OfflineSetup, node: OfflineNode, expected: readonly string[]): Promise<void> {
  await until(() => !node.store.isOffline && node.store.status.pendingWrites === 0, 'nothing waits for the datastore');
  assert.deepEqual(await recorded(store), [...expected].sort());
  await until(
    () => String(known(node)) === String([...expected].sort()),
    `the node has ${expected}, not ${known(node)}`,
  );
  const journaled = () => String(node.journaled());
  await until(
    () => journaled() === String([...expected].sort()),
    () => `the journal has ${expected}, not ${journaled()}`,
  );
}

export async function until(condition: () => boolean, what: string | (() => string)): Promise<void> {
  for (const deadline = performance.now() + 5_000; !condition(); ) {
    assert.ok(performance.now() < deadline, `not within 5 s: ${typeof what === 'string' ? what : what()}`);
    await delay(2);
  }
}
