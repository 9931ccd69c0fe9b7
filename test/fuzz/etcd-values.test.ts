import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { AddsUnderWay } from '../../src/cni/adds-under-way.ts';
import { AddressScan } from '../../src/controller/address-scan.ts';
import { NodeRelease } from '../../src/controller/node-release.ts';
import { BootReclaim } from '../../src/ipam/boot-reclaim.ts';
import { attachmentsOf } from '../../src/ipam/recorded-attachment.ts';
import { isBootId } from '../../src/model/boot-id.ts';
import { CoilError } from '../../src/model/error.ts';
import { IpAddress } from '../../src/model/ip-address.ts';
import { isNodeName } from '../../src/model/node-name.ts';
import { hostIfname } from '../../src/podnet/host-ifname.ts';
import { RecordingLogger } from '../../src/process/recording-logger.ts';
import type { IpamStore } from '../../src/store/ipam-store.ts';
import type { OpenedStore } from '../../src/store/open-store.ts';
import { IpamNode } from '../contract/ipam-node.ts';
import { assignmentOf, ip, poolOf } from '../contract/store-fixture.ts';
import { pod } from '../controller/pod.ts';
import { EtcdFixture } from '../etcd/etcd-fixture.ts';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { budget } from './budget.ts';
import { mutated } from './mutated.ts';

// Somebody wrote to Coil's keys by hand, or a disk did. Whatever stands there: an error that names the key, and the
// value as it was, but for what docs/schema.md says is set anew.

const CALL_MS = 10_000;
const WORDS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  'null',
  '10.0.0.0/28',
  '10.0.0.16/27',
  'fd00::/124',
  'node1',
  'a/b',
  '-1',
  '1e99',
  '\0',
];
/** What any call may fail with where values are not what they were. */
const EXPECTED = [
  'corrupt-data',
  'out-of-blocks',
  'out-of-addresses',
  'pool-not-found',
  'pool-exists',
  'subnet-in-use',
  'conflict',
];
const BOOT = '0b7f7a3c-5d0e-4c5b-9d5e-3f8a3c1d2e4f';
/** Of which nothing is read. */
const UNREAD = /^(subnet|term|node)\//;
/** What is set anew, and goes with a node, though it cannot be read. */
const SET_ANEW = /^(owner|boot)\//;
const signal = () => AbortSignal.timeout(CALL_MS);

let server: EtcdServer;
/** All that are assigned in it. */
const ADDRESSES = ['10.0.0.0', '10.0.0.16', 'fd00::']
  .flatMap((first) => {
    const block = ip(`${first}/${first.includes(':') ? 124 : 28}`);
    return [0, 4, 5].map((offset) => String(block.nth(offset)));
  })
  .concat('192.0.2.0');
/** A sound state: keys without their prefix, and values. */
let sound: Record<string, string>;
before(async () => {
  server = await EtcdServer.start();
  await using fixture = new EtcdFixture(server);
  const store = await fixture.open();
  await store.createPool('default', poolOf(4, '10.0.0.0/26', 'fd00::/122'), signal());
  await store.createPool('dmz', poolOf(0, '192.0.2.0/30'), signal());
  for (const [node, pool, family] of [
    ['node1', 'default', 4],
    ['node1', 'default', 6],
    ['node2', 'default', 4],
    ['node1', 'dmz', 4],
  ] as const) {
    const { block } = await store.acquireBlock({ node, pool, family }, signal());
    const slots = [0, ...(block.hostBits > 0 ? [4, 5] : [])].map((offset) => ({ block, offset }));
    for (const slot of slots)
      await store.allocate({ node, slots: [slot], assignment: assignmentOf(`c${slot.offset}`) }, signal());
  }
  for (const node of ['node1', 'node2']) {
    await store.writeBoot(node, BOOT, signal());
    await fixture.keys.put(`term/${node}`).value(randomUUID());
    await fixture.keys.put(`node/${node}`).value(JSON.stringify({ boot_id: randomUUID(), host: 'a', since: 'b' }));
  }
  await fixture.keys.put('acquire/default/6/x').value('{"node":"node2"}');
  sound = await fixture.dump();
});
after(() => server[Symbol.asyncDispose]());

const garbage = fc.oneof(
  fc.json(),
  fc.constantFrom(
    '',
    '\0',
    '{}',
    '[]',
    'null',
    '0',
    '"',
    '{"free":null,"nodes":null}',
    'x'.repeat(100_000),
    '['.repeat(10_000),
  ),
  fc.string({ unit: 'binary' }),
);

test('values that somebody corrupted are reported with their key, and neither crash anything nor are overwritten', async () => {
  // of each kind as often as of another
  const kinds = Object.values(Object.groupBy(Object.keys(sound), (key) => key.split('/')[0]!)).map((keys) => keys!);
  const corruption = fc.oneof(...kinds.map((keys) => fc.constantFrom(...keys))).chain((key) =>
    fc
      .oneof(
        garbage.map((value) => Buffer.from(value)),
        mutated(fc.constant(Buffer.from(sound[key]!)), WORDS),
      )
      .map((value) => [key, value] as const),
  );
  const strayKey = fc
    .tuple(
      fc.constantFrom(
        'pool/',
        'block/',
        'block/default/',
        'block/dmz/10.0.0.0',
        'ip/',
        'ip/10.0.0.0/',
        'ip/10.0.0.0/99',
        'owner/',
      ),
      fc.constantFrom('x', '007', '-1', '10.0.0.300', '1/2', '\u00e9'),
      garbage,
    )
    .map(([start, end, value]) => [start + end, Buffer.from(value)] as const);
  let reports = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(corruption, { minLength: 1, maxLength: 3 }),
      fc.array(strayKey, { maxLength: 1 }),
      async (corruptions, stray) => {
        await using fixture = new EtcdFixture(server);
        const written = new Map([
          ...Object.entries(sound)
            // one that is sound has others wait, and is gone after that
            .filter(([key]) => !key.startsWith('acquire/'))
            .map(([key, value]) => [key, Buffer.from(value)] as const),
          ...corruptions,
          ...stray,
        ]);
        await Promise.all([...written].map(([key, value]) => fixture.keys.put(key).value(value)));
        const reported = new Set<string>();
        const report = (error: unknown) => {
          assert.ok(CoilError.is(error), `not an error of ours: ${(error as Error).stack}`);
          assert.ok(EXPECTED.includes(error.code), `${error.code}: ${error.message}`);
          if (error.code !== 'corrupt-data') return;
          const key = [...written.keys()].find((one) => error.message.startsWith(`${fixture.prefix}${one}: `));
          assert.ok(key !== undefined, `names no key: ${error.message}`);
          reported.add(key);
        };
        const store = await fixture.open();
        // other blocks and pools that can be read have other addresses
        const isAsItWas = !corruptions.some(([key, value]) => /^(pool|block)\//.test(key) && isJsonObject(value));
        await compareWithPods(store, report, isAsItWas);
        for (const node of ['node2', 'node1']) {
          await useAsNode(await fixture.open({ node }), node, report);
          await startOn(node, { store, value: written.get(`boot/${node}`)!, report });
        }
        await useAsAdministrator(store, report);
        const unchanged = async (keys: Iterable<string>) => {
          for (const key of keys) {
            const now = await fixture.keys.get(key).buffer();
            const then = written.get(key)!;
            const isRight = now !== null && (then.equals(now) || sameBlocks(then, now) || isSetAnew(key, String(now)));
            assert.ok(isRight, `${key}: ${then} became ${now}`);
          }
        };
        await unchanged(reported);
        for (const node of ['node2', 'node1']) await releaseGone(store, node, report);
        // with the blocks of a node that is gone, their addresses go
        await unchanged([...reported].filter((key) => !key.startsWith('ip/') && !SET_ANEW.test(key)));
        for (const [key, value] of corruptions) {
          if (written.get(key) === value && !isReadable(key, value))
            assert.ok(reported.has(key), `${key} = ${JSON.stringify(String(value))} was not reported`);
        }
        reports += reported.size;
      },
    ),
    budget(25),
  );
  assert.ok(reports > 10, `${reports} reports`);
});

/** What coild does: the state, an ADD of each family and pool, a DEL of all that there was. */
async function useAsNode(store: IpamStore, name: string, report: (error: unknown) => void): Promise<void> {
  await using node = new IpamNode(store, { node: name });
  await node.sync.ready(signal());
  const before = new Map(node.state.records.map((record) => [`${record.block} ${record.offset}`, record]));
  for (const [containerId, namespace] of [
    ['new1', 'default'],
    ['new2', 'dmz'],
  ] as const) {
    try {
      const { addresses } = await node.ipam.allocate({ containerId, ifname: 'eth0', namespace, pod: 'p' }, signal());
      for (const record of node.state.records.filter(({ assignment }) => assignment.containerId === containerId)) {
        assert.equal(before.get(`${record.block} ${record.offset}`), undefined, `${addresses} was somebody's`);
      }
    } catch (error) {
      report(error);
    }
  }
  for (const containerId of ['c0', 'c4', 'c5', 'new1', 'new2']) {
    await node.ipam.release({ containerId, ifname: 'eth0', namespace: 'default', pod: 'p' }, signal()).catch(report);
  }
  reportLogged(node.logger, report);
}

/** What coild does before and beside that: the session, and whether there was a reboot. */
async function startOn(
  node: string,
  { store, value, report }: { store: OpenedStore; value: Buffer; report: (error: unknown) => void },
): Promise<void> {
  const since = '2026-11-22T12:38:59Z';
  const holder = { id: randomUUID(), bootId: BOOT, lock: '24:7', host: 'host1', version: '2', since };
  assert.equal((await store.sessions!.hold(node, holder, signal())).outcome, 'held');
  await store.sessions!.end(node, signal());
  const logger = new RecordingLogger();
  const slot = { block: ip('10.0.0.0/28'), offset: 4 };
  const records = [{ ...slot, assignment: assignmentOf('c4'), revision: 1 }];
  let isFreed = false;
  const release = async () => {
    isFreed = true;
    return true;
  };
  const links = { look: async () => ({ has: () => false, unclaimed: () => [] }) };
  const asked = { boots: store, bootId: async () => BOOT, links, adds: new AddsUnderWay() };
  const deps = { ...asked, hostIfname, state: { records }, release: { release } };
  await new BootReclaim({ node, dryRun: false }, { ...deps, logger }).run(attachmentsOf(records), signal());
  assert.ok(!isFreed || isBootId(String(value)), `${value} was taken for a reboot`);
  assert.equal(await store.readBoot(node, signal()), BOOT);
  reportLogged(logger, report);
}

/** What coil-controller does again and again: Pods have all the addresses that are assigned. */
async function compareWithPods(store: IpamStore, report: (error: unknown) => void, isAsItWas: boolean): Promise<void> {
  const logger = new RecordingLogger();
  const pods = ADDRESSES.map((address) =>
    pod({ namespace: 'default', name: `pod-of-${address}`, addresses: [address] }),
  );
  const source = {
    listPods: async function* () {
      yield* pods;
    },
    findPod: async (_namespace: string, name: string) => pods.find((one) => one.name === name),
  };
  const deps = { pods: source, store, scanned: () => undefined, logger, now: () => new Date() };
  await new AddressScan({ scanIntervalMs: 1, addressExpirationMs: 0 }, deps).scan(signal());
  const wrong = logger.records.filter(({ message }) =>
    /assigned in DB but not used|used in Pods but not/.test(message),
  );
  if (isAsItWas) assert.deepEqual(wrong, []);
  reportLogged(logger, report);
}

/** What coil-controller does of a node that is gone. */
async function releaseGone(store: IpamStore, node: string, report: (error: unknown) => void): Promise<void> {
  const logger = new RecordingLogger();
  const unreadable: CoilError[] = [];
  await store.listBlocks(signal(), unreadable);
  const release = new NodeRelease({ nodes: { hasNode: async () => false }, store, logger });
  assert.equal(await release.release(node, { blocks: [], unreadable, mayTake: true }, signal()), 'released');
  for (const error of unreadable) report(error);
}

function reportLogged(logger: RecordingLogger, report: (error: unknown) => void): void {
  for (const { fields } of logger.records) if (CoilError.is(fields.error, 'corrupt-data')) report(fields.error);
}

/** What coilctl and coil-controller do. */
async function useAsAdministrator(store: IpamStore, report: (error: unknown) => void): Promise<void> {
  await store.listPools(signal()).catch(report);
  for (const pool of ['default', 'dmz']) await store.getPool(pool, signal()).catch(report);
  for (const [pool, subnet] of [
    ['default', '10.0.0.0/26'],
    ['default', 'fd00::/122'],
    ['dmz', '192.0.2.0/30'],
  ] as const) {
    await store.getBlockAssignment(pool, ip(subnet), signal()).catch(ignoreMissing(report));
  }
  await store.listBlocks(signal()).catch(report);
  await store.listNodeBlocks('node1', signal()).catch(report);
  for (const block of ['10.0.0.0/28', '10.0.0.16/28', 'fd00::/124', '192.0.2.0/32']) {
    await store.listAddresses(ip(block), signal()).catch(report);
    const unreadable: CoilError[] = [];
    await store.listAddresses(ip(block), signal(), unreadable).catch(report);
    for (const error of unreadable) report(error);
  }
  for (const address of ['10.0.0.4', 'fd00::5', '192.0.2.0']) {
    await store.findAddress(IpAddress.parse(address), signal()).catch(ignoreMissing(report));
  }
  await store.addSubnet('default', ip('10.0.1.0/26'), signal()).catch(report);
  await store.acquireBlock({ node: 'node3', pool: 'default', family: 4 }, signal()).catch(report);
}

/** What a changed document does not have any more is not an error of its reader. */
function ignoreMissing(report: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    if (!CoilError.is(error, 'subnet-not-found') && !CoilError.is(error, 'address-not-found')) report(error);
  };
}

/**
 * Whether a block document has the same blocks as before, those among them that are none: where one entry is wrong,
 * the others may be taken and returned.
 */
function sameBlocks(then: Buffer, now: Buffer): boolean {
  const blocks = (value: Buffer) => {
    const { free, nodes } = JSON.parse(String(value));
    // an empty list is written as null
    return [free ?? [], Object.values(nodes ?? {})].flat(2).map(String).sort().join();
  };
  return isJsonObject(then) && isJsonObject(now) && blocks(then) === blocks(now);
}

/** Whether it is what docs/schema.md says is written over what cannot be read. */
function isSetAnew(key: string, now: string): boolean {
  return SET_ANEW.test(key) && (key.startsWith('boot/') ? now === BOOT : isNodeName(now));
}

/** Whether nobody has to tell of the value, whatever stands there. */
function isReadable(key: string, value: Buffer): boolean {
  if (key.startsWith('owner/')) return isNodeName(String(value));
  if (key.startsWith('boot/')) return isBootId(String(value));
  return UNREAD.test(key) || isJsonObject(value) || isLegacyAddress(key, value);
}

function isJsonObject(value: Buffer): boolean {
  try {
    const json: unknown = JSON.parse(String(value));
    return typeof json === 'object' && json !== null && !Array.isArray(json);
  } catch {
    return false;
  }
}

/** Before v1.0.2 an address was recorded as NAMESPACE/POD. */
function isLegacyAddress(key: string, value: Buffer): boolean {
  return key.startsWith('ip/') && /^[^/]+\/[^/]+$/.test(String(value));
}
