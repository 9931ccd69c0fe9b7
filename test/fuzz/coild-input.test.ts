import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { runCoild } from '../../src/coild/coild.ts';
import { servingLimits } from '../../src/coild/serving-limits.ts';
import { AddressPool } from '../../src/model/address-pool.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import { tryLockFile } from '../../src/netlink/file-lock.ts';
import { PrometheusMetrics } from '../../src/process/prometheus-metrics.ts';
import { RecordingLogger } from '../../src/process/recording-logger.ts';
import { SqliteIpamStore } from '../../src/store/sqlite/sqlite-ipam-store.ts';
import { FakeBlockExporter } from '../contract/fake-block-exporter.ts';
import { FakeHostSide } from '../contract/fake-host-side.ts';
import { FakeNetworkChanges } from '../contract/fake-network-changes.ts';
import { FakePodNetwork } from '../contract/fake-pod-network.ts';
import { eventually } from '../e2e/eventually.ts';
import { budget } from './budget.ts';
import { NETNS, request, together } from './coild-requests.ts';

// The whole of coild but for the kernel, and what any process that reaches its socket may send.

const ANSWER_MS = 5_000;
const NODE = 'node1';
const logger = new RecordingLogger();
const stop = new AbortController();
let folder: string;
let socketPath: string;
let store: SqliteIpamStore;
let running: Promise<void>;

const OPTIONS = { scanIntervalMs: 600_000, restMs: 0, limits: servingLimits(1024) };

before(async () => {
  // on a tmpfs where there is one: each answer waits for a sync
  folder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'coil-test-'));
  socketPath = join(folder, 'coild.sock');
  store = await SqliteIpamStore.open({ path: join(folder, 'coil.db') }, AbortSignal.timeout(10_000));
  const pool = new AddressPool([IpPrefix.parse('10.0.0.0/20'), IpPrefix.parse('fd00::/116')], 4);
  await store.createPool('default', pool, AbortSignal.timeout(10_000));
  const podNetwork = new FakePodNetwork([NETNS]);
  const deps = {
    store,
    ...{ podNetwork, links: podNetwork, exporter: new FakeBlockExporter() },
    ...{ changes: new FakeNetworkChanges(), hostSide: new FakeHostSide() },
    ...{ metrics: new PrometheusMetrics(), sessions: undefined, boots: store, bootId: async () => 'this boot' },
    hostIfname: (namespace: string, pod: string, ifname: string) => `${namespace}/${pod}/${ifname}`,
    mayChange: async () => true,
    tryLockFile,
    clock: () => performance.now(),
    now: () => new Date(),
    logger,
  };
  const reclaim = { mode: 'on', graceMs: 300_000 } as const;
  const paths = { socket: socketPath, lock: join(folder, 'node1.lock') };
  const options = { node: NODE, host: 'host1', ...paths, http: undefined, reclaim, ...OPTIONS };
  running = runCoild(options, deps, stop.signal);
  while (!logger.messages.includes('read the state of this node')) await new Promise(setImmediate);
});
after(async () => {
  stop.abort();
  await running;
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

test('coild answers any request with an answer of its own, and gives no address twice', async () => {
  const seen = new Set<number>();
  let given = 0;
  await fc.assert(
    fc.asyncProperty(together, async (requests) => {
      logger.records.length = 0;
      const answers = await Promise.all(requests.map(exchange));
      for (const [i, answer] of answers.entries()) seen.add(checked(answer, requests[i]!));
      const internal = logger.records.filter(({ fields }) => fields.code === 101 || fields.status === 500);
      assert.deepEqual(internal, []);
      given = Math.max(given, await checkRecords());
    }),
    budget(300),
  );
  assert.ok(given > 1, `no more than ${given} addresses were assigned at a time`);
  // a DEL that ended an ADD has the state read anew
  const isReady = async () => (await exchange(request('GET /readyz', [], ''))).startsWith('HTTP/1.1 200 ');
  await eventually('coild is ready', isReady, ANSWER_MS);
  for (const status of [200, 400, 404, 405]) assert.ok(seen.has(status), `no request was answered with ${status}`);
});

/** All that the server says until it ends the connection, which it has to. */
async function exchange(bytes: Buffer): Promise<string> {
  const socket = connect(socketPath);
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('neither an answer nor the end of the connection')));
  socket.end(bytes);
  try {
    return await text(socket);
  } catch (error) {
    // it may end the connection before it has read all
    if (['EPIPE', 'ECONNRESET'].includes(String((error as NodeJS.ErrnoException).code))) return '';
    throw error;
  } finally {
    socket.destroy();
  }
}

/** @returns the status of the last answer; 0 where there is none */
function checked(answer: string, request: Buffer): number {
  if (answer === '') return 0;
  const told = `${JSON.stringify(request.toString('latin1').slice(0, 2_000))} was answered: ${answer.slice(0, 500)}`;
  const [, status, head, body] = /^HTTP\/1\.1 (\d{3}) [\w ]+\r\n(.*?\r\n)\r\n(.*)$/s.exec(answer) ?? assert.fail(told);
  // but for a CHECK that found something, CNI's code 100, and a container that is said to be of two Pods, 5
  if (status === '500') assert.match(body!, /"code":(100|5)\b/, told);
  const isHead = request.subarray(0, 5).toString() === 'HEAD ';
  // further requests may follow in the same bytes
  // Node.js itself answers with nothing where the Host is missing
  if (!isHead && !['', '0\r\n\r\n'].includes(body!) && !body!.includes('HTTP/1.1 ')) {
    assert.match(head!, /Content-Type: application\/(cni\+)?json/i, told);
    const [, chunk = body!] = /^[0-9a-f]+\r\n(.*)\r\n0\r\n\r\n$/s.exec(body!) ?? [];
    assert.doesNotThrow(() => JSON.parse(chunk), told);
  }
  return Number(status);
}

/** Each address has one owner, and each owner one address of a family. Gives how many are assigned. */
async function checkRecords(): Promise<number> {
  const signal = AbortSignal.timeout(10_000);
  const owners = new Map<string, string>();
  for (const { block } of (await store.listBlocks(signal)).get(NODE) ?? []) {
    for (const { offset, assignment } of await store.listAddresses(block, signal)) {
      const owner = JSON.stringify([assignment.containerId, assignment.ifname ?? null, block.family]);
      assert.equal(owners.get(owner), undefined, `${owner} has two addresses`);
      owners.set(owner, String(block.nth(offset)));
    }
  }
  return owners.size;
}
