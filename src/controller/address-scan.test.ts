import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeTime, settle } from '../../test/controller/fake-time.ts';
import { pod } from '../../test/controller/pod.ts';
import { AddressPool } from '../model/address-pool.ts';
import { CoilError } from '../model/error.ts';
import { IpPrefix } from '../model/ip-prefix.ts';
import { Backoff } from '../process/backoff.ts';
import { RecordingLogger } from '../process/recording-logger.ts';
import type { AddressRecord } from '../store/ipam-store.ts';
import { type AddressFindings, AddressScan, type AddressScanDeps } from './address-scan.ts';
import type { PodAddresses } from './pod-source.ts';

const SUBNET = IpPrefix.parse('10.0.0.0/24');
const BLOCK = IpPrefix.parse('10.0.0.0/28');
const SCAN_MS = 600_000;
const EXPIRATION_MS = 86_400_000;

/** A datastore and Pods that may change between the comparison and the second look. */
class Cluster {
  readonly time = new FakeTime();
  readonly logger = new RecordingLogger();
  addresses: readonly AddressRecord[] = [];
  pods: readonly PodAddresses[] = [];
  /** Happens once the Pods were listed. */
  afterwards: () => void = () => {};
  failures = 0;
  /** What cannot be read of pools and blocks. */
  damage: readonly CoilError[] = [];
  /** Whether the only block is among that. */
  isBlockLost = false;
  /** Of these, the values cannot be read. */
  readonly corrupt = new Set<AddressRecord>();
  readonly findings: (AddressFindings | undefined)[] = [];

  readonly deps: AddressScanDeps = {
    logger: this.logger,
    now: this.time.now,
    sleep: this.time.sleep,
    scanned: (findings) => void this.findings.push(findings),
    store: {
      listPools: async (_signal, unreadable) => {
        unreadable?.push(...this.damage);
        return new Map([['default', new AddressPool([SUBNET], 4)]]);
      },
      listBlocks: async (_signal, unreadable) => {
        if (this.failures-- > 0) throw new CoilError('store-unavailable', 'no answer');
        unreadable?.push(...this.damage);
        return new Map(this.isBlockLost ? [] : [['node1', [{ pool: 'default', block: BLOCK }]]]);
      },
      listAddresses: async (_block, _signal, unreadable) => {
        for (const { offset } of this.addresses.filter((one) => this.corrupt.has(one))) {
          const error = new CoilError('corrupt-data', `/coil/ip/10.0.0.0/${offset}: not JSON`);
          if (!unreadable) throw error;
          unreadable.push(error);
        }
        return this.addresses;
      },
      findAddress: async (address) => {
        const found = this.addresses.find(({ block, offset }) => block.nth(offset).equals(address));
        if (!found) throw new CoilError('address-not-found', 'not assigned');
        if (this.corrupt.has(found)) throw new CoilError('corrupt-data', 'not JSON');
        return found;
      },
    },
    pods: {
      listPods: () => this.#list(),
      findPod: async (namespace, name) => this.pods.find((one) => one.namespace === namespace && one.name === name),
    },
  };

  async scan(): Promise<void> {
    const options = { scanIntervalMs: SCAN_MS, addressExpirationMs: EXPIRATION_MS };
    await new AddressScan(options, this.deps).scan(new AbortController().signal);
  }

  async *#list(): AsyncGenerator<PodAddresses, void, undefined> {
    yield* this.pods;
    this.afterwards();
  }

  /** What was told of as wrong. */
  get told(): string[] {
    const { records } = this.logger;
    return records.filter(({ level }) => level !== 'debug').map(({ level, fields }) => `${level} ${fields.address}`);
  }
}

function record(offset: number, members: { readonly name?: string; readonly ageMs?: number } = {}): AddressRecord {
  const { name = 'pod', ageMs = EXPIRATION_MS } = members;
  const createdAt = new Date(new FakeTime().now().getTime() - ageMs).toISOString();
  const assignment = { containerId: 'c', namespace: 'namespace', pod: name, createdAt };
  return { block: BLOCK, offset, assignment, revision: offset + 1 };
}

test('an address that no Pod has is told of once it is old enough', async () => {
  const scene = new Cluster();
  scene.addresses = [record(1), record(2, { ageMs: EXPIRATION_MS - 1 })];
  await scene.scan();
  assert.deepEqual(scene.told, ['warn 10.0.0.1']);
});

test('an address that is freed during the scan is not told of', async () => {
  const scene = new Cluster();
  scene.addresses = [record(1)];
  scene.afterwards = () => {
    scene.addresses = [];
  };
  await scene.scan();
  assert.deepEqual(scene.told, []);
});

test('an address that became another assignment during the scan is not told of', async () => {
  const scene = new Cluster();
  scene.addresses = [record(1)];
  scene.afterwards = () => {
    scene.addresses = [{ ...record(1), revision: 99 }];
  };
  await scene.scan();
  assert.deepEqual(scene.told, []);
});

test('a value that cannot be read is told of by its key, and hinders nothing else', async () => {
  const scene = new Cluster();
  const [used, unused] = [record(1, { name: '' }), record(2, { name: '' })];
  scene.addresses = [used, unused, record(3)];
  for (const one of [used, unused]) scene.corrupt.add(one);
  scene.pods = [pod({ addresses: ['10.0.0.1'] })];
  await scene.scan();
  assert.deepEqual(
    scene.logger.records.filter(({ level }) => level === 'error').map(({ fields }) => (fields.error as Error).message),
    ['/coil/ip/10.0.0.0/1: not JSON', '/coil/ip/10.0.0.0/2: not JSON'],
  );
  assert.deepEqual(scene.told.slice(0, 2), ['warn 10.0.0.2', 'warn 10.0.0.3']);
});

test('what is told of is true, though a block document cannot be read, and there is no sum', async () => {
  const scene = new Cluster();
  scene.damage = [new CoilError('corrupt-data', '/coil/block/default/10.0.0.0: not JSON')];
  scene.isBlockLost = true;
  scene.addresses = [record(1, { name: 'a' }), record(2, { name: '' }), record(3, { name: 'other' })];
  scene.corrupt.add(scene.addresses[1]!);
  const pods = { a: '10.0.0.1', b: '10.0.0.2', c: '10.0.0.3', d: '10.0.0.7' };
  scene.pods = Object.entries(pods).map(([name, address]) => pod({ name, addresses: [address] }));
  const options = { scanIntervalMs: SCAN_MS, addressExpirationMs: EXPIRATION_MS };
  const findings = await new AddressScan(options, scene.deps).scan(new AbortController().signal);
  assert.deepEqual(findings, { kinds: { unused: 0, unrecorded: 1, conflicting: 1 }, assigned: [] });
  assert.deepEqual(scene.told.slice(0, 2), ['error 10.0.0.3', 'error 10.0.0.7']);
  const reasons = scene.logger.records.flatMap(({ fields }) => fields.error ?? []).map(String);
  assert.deepEqual(reasons, ['CoilError: /coil/block/default/10.0.0.0: not JSON', 'CoilError: not JSON']);
});

test("a Pod's address that is not assigned is told of", async () => {
  const scene = new Cluster();
  scene.pods = [pod({ addresses: ['10.0.0.7'] })];
  await scene.scan();
  assert.deepEqual(scene.told, ['error 10.0.0.7']);
});

test('what is told of is counted by its kind, and what is assigned by pool', async () => {
  const scene = new Cluster();
  scene.addresses = [record(1), record(2), record(3, { name: 'other' }), record(4, { name: 'fine' })];
  scene.pods = [
    pod({ name: 'a', addresses: ['10.0.0.3'] }),
    pod({ name: 'b', addresses: ['10.0.0.7'] }),
    pod({ name: 'fine', addresses: ['10.0.0.4'] }),
  ];
  const options = { scanIntervalMs: SCAN_MS, addressExpirationMs: EXPIRATION_MS };
  const findings = await new AddressScan(options, scene.deps).scan(new AbortController().signal);
  assert.equal(scene.told.length, 4);
  assert.deepEqual(findings.kinds, { unused: 2, unrecorded: 1, conflicting: 1 });
  assert.deepEqual(findings.assigned, [{ labels: { pool: 'default', family: '4' }, value: 4 }]);
});

test('a Pod that started during the scan is not told of', async () => {
  const scene = new Cluster();
  scene.pods = [pod({ addresses: ['10.0.0.7'] })];
  scene.afterwards = () => {
    scene.addresses = [record(7)];
  };
  await scene.scan();
  assert.deepEqual(scene.told, []);
});

for (const [what, pods] of [
  ['is deleted', []],
  ['is being deleted', [pod({ addresses: ['10.0.0.7'], terminating: true })]],
  ['has finished', [pod({ addresses: ['10.0.0.7'], finished: true })]],
  ['has another address', [pod({ addresses: ['10.0.0.8'] })]],
] as const) {
  test(`a Pod that ${what} during the scan is not told of`, async () => {
    const scene = new Cluster();
    scene.pods = [pod({ addresses: ['10.0.0.7'] })];
    scene.afterwards = () => {
      scene.pods = pods;
    };
    await scene.scan();
    assert.deepEqual(scene.told, []);
  });
}

test('a scan that fails is tried again, and the next one is an interval later', async () => {
  const scene = new Cluster();
  scene.addresses = [record(1)];
  scene.failures = 2;
  const stop = new AbortController();
  const backoff = new Backoff({ baseMs: 1_000, maxMs: 1_000 }, { random: () => 1, sleep: scene.time.sleep });
  const options = { scanIntervalMs: SCAN_MS, addressExpirationMs: EXPIRATION_MS, backoff };
  const running = new AddressScan(options, scene.deps).run(stop.signal);
  await scene.time.pass(SCAN_MS);
  await settle();
  assert.deepEqual(scene.findings, [undefined]);
  assert.deepEqual(scene.logger.messages, ['cannot compare addresses and Pods; trying again']);
  await scene.time.pass(2_000);
  await settle();
  assert.equal(scene.told.filter((line) => line === 'warn 10.0.0.1').length, 1);
  await scene.time.pass(SCAN_MS);
  await settle();
  assert.equal(scene.told.filter((line) => line === 'warn 10.0.0.1').length, 2);
  stop.abort();
  await running;
});
