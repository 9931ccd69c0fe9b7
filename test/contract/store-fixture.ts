import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressPool } from '../../src/model/address-pool.ts';
import { CoilError, type CoilErrorCode } from '../../src/model/error.ts';
import type { IpFamily } from '../../src/model/ip-address.ts';
import type { IpAssignment } from '../../src/model/ip-assignment.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import type { AddressRecord, AllocateOutcome, FreeRequest, IpamStore } from '../../src/store/ipam-store.ts';
import type { OpenedStore } from '../../src/store/open-store.ts';

/** One datastore of its own, empty at first. */
export interface StoreFixture extends AsyncDisposable {
  /** Another client of the same datastore, as another process would be. */
  open(): Promise<OpenedStore>;
}

export type StoreSetup = () => Promise<StoreFixture>;

/** No test of the contract may take longer: what hangs fails. */
const TEST_TIMEOUT_MS = 60_000;

/** A test with a datastore of its own. The store that it gets is closed by itself. */
export function storeTest(
  setup: StoreSetup,
  name: string,
  body: (store: OpenedStore, fixture: StoreFixture) => Promise<void>,
): void {
  test(name, { timeout: TEST_TIMEOUT_MS }, async () => {
    await using fixture = await setup();
    await using store = await fixture.open();
    await body(store, fixture);
  });
}

/** A signal for one call of a test: it ends what takes longer than any call should. */
export function soon(): AbortSignal {
  return AbortSignal.timeout(30_000);
}

export function ip(text: string): IpPrefix {
  return IpPrefix.parse(text);
}

export function poolOf(blockSize: number, ...subnets: string[]): AddressPool {
  return new AddressPool(subnets.map(ip), blockSize);
}

export function assignmentOf(containerId: string): IpAssignment {
  return { containerId, namespace: 'default', pod: `pod-${containerId}`, createdAt: '2026-11-22T12:38:59.340957085Z' };
}

/** Asserts that `promise` fails with a CoilError of `code` whose message matches. */
export async function fails(promise: Promise<unknown>, code: CoilErrorCode, message = /./): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(CoilError.is(error), `not a CoilError: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

/** A pool `default` of IPv4 subnet 10.0.0.0/24 in blocks of 16, and the first block of it for `node`. */
export async function acquired(store: IpamStore, node: string): Promise<IpPrefix> {
  await store.createPool('default', poolOf(4, '10.0.0.0/24'), soon());
  return await blockFor(store, node, 'default');
}

/** A block that `node` acquires of the pool. */
export async function blockFor(store: IpamStore, node: string, pool: string, family: IpFamily = 4): Promise<IpPrefix> {
  return (await store.acquireBlock({ node, pool, family }, soon())).block;
}

/** How releasing a block ended. */
export async function released(store: IpamStore, node: string, block: IpPrefix, pool = 'default'): Promise<string> {
  return (await store.releaseBlock(node, { pool, block }, soon())).outcome;
}

/** How freeing addresses ended. */
export async function freed(store: IpamStore, ...records: readonly FreeRequest[]): Promise<string> {
  return (await store.free(records, soon())).outcome;
}

/** The records of an allocation that must have succeeded. */
export function allocated(outcome: AllocateOutcome): readonly AddressRecord[] {
  assert.equal(outcome.outcome, 'allocated');
  assert.ok(outcome.outcome === 'allocated');
  return outcome.records;
}

/** Everything that the port shows of a datastore, as text: two are equal where nothing was changed. */
export async function dump(store: IpamStore): Promise<string> {
  const lines: string[] = [];
  const pools = await store.listPools(soon());
  for (const [name, pool] of pools) {
    lines.push(`pool ${name} ${JSON.stringify(pool)}`);
    for (const subnet of pool.subnets) {
      const blocks = await store.getBlockAssignment(name, subnet, soon());
      lines.push(`blocks ${name} ${subnet} ${JSON.stringify(blocks)}`);
      for (const block of [...blocks.freeList, ...[...blocks.nodes.values()].flat()]) {
        for (const record of await store.listAddresses(block, soon())) lines.push(`address ${JSON.stringify(record)}`);
      }
    }
  }
  for (const [node, blocks] of await store.listBlocks(soon())) lines.push(`node ${node} ${JSON.stringify(blocks)}`);
  return lines.join('\n');
}
