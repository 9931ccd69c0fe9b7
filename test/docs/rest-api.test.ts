import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };
import { runCoild } from '../../src/coild/coild.ts';
import { servingLimits } from '../../src/coild/serving-limits.ts';
import { CoilError } from '../../src/model/error.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import { tryLockFile } from '../../src/netlink/file-lock.ts';
import { hostIfname } from '../../src/podnet/host-ifname.ts';
import { nullLogger } from '../../src/process/logger.ts';
import { PrometheusMetrics } from '../../src/process/prometheus-metrics.ts';
import { SqliteIpamStore } from '../../src/store/sqlite/sqlite-ipam-store.ts';
import type { StoreConnection } from '../../src/store/store-connection.ts';
import { FakeBlockExporter } from '../contract/fake-block-exporter.ts';
import { FakeHostSide } from '../contract/fake-host-side.ts';
import { FakeNetworkChanges } from '../contract/fake-network-changes.ts';
import { FakePodNetwork } from '../contract/fake-pod-network.ts';
import { createPool } from '../e2e/datastores.ts';
import { eventually } from '../e2e/eventually.ts';
import type { HttpRequest } from '../e2e/http-errand.ts';

interface Operation {
  readonly responses: Readonly<Record<string, object>>;
  readonly requestBody?: object;
}

/** One with all that can be told of it; the datastore can be reached all the same. */
const lostConnection: StoreConnection = {
  isOffline: false,
  status: {
    outage: { since: new Date(), error: new CoilError('store-unavailable', 'etcd does not answer') },
    pendingWrites: 1,
    lost: [
      {
        record: {
          ...{ block: IpPrefix.parse('10.11.0.0/28'), offset: 3, revision: 1 },
          assignment: { containerId: 'c', namespace: 'default', pod: 'web', createdAt: '2026-11-22T12:38:59Z' },
        },
        reason: 'it is assigned to another',
      },
    ],
  },
  detached: () => undefined,
};

const METHODS = ['get', 'post', 'put', 'delete', 'patch'] as const;
const page = parse(await readFile(new URL('../../docs/rest-api.openapi.yaml', import.meta.url), 'utf8'));
const ajv = new Ajv2020({ strict: false }).addSchema(page, 'api');

const stop = new AbortController();
const netns = '/run/netns/pod';
let folder: string;
let store: SqliteIpamStore;
let running: Promise<void>;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ct-'));
  store = await SqliteIpamStore.open({ path: join(folder, 'coil.db') }, stop.signal);
  await createPool(store, 'default', '10.11.0.0/28', 4);
  await createPool(store, 'single', '192.0.2.7/32', 0);
  const intervals = { scanIntervalMs: 600_000, restMs: 30_000 };
  const limits = servingLimits(1024);
  const reclaim = { mode: 'on', graceMs: 300_000 } as const;
  const options = {
    node: 'node1',
    host: 'host1',
    socket: socketPath(),
    lock: join(folder, 'node1.lock'),
    http: undefined,
    reclaim,
    limits,
    ...intervals,
  };
  const podNetwork = new FakePodNetwork([netns]);
  const deps = {
    ...{ store, connection: lostConnection, exporter: new FakeBlockExporter(), podNetwork, hostIfname },
    ...{ sessions: undefined, boots: store, bootId: async () => 'this boot', links: podNetwork },
    metrics: new PrometheusMetrics(),
    ...{ changes: new FakeNetworkChanges(), hostSide: new FakeHostSide() },
    ...{
      logger: nullLogger,
      mayChange: async () => true,
      tryLockFile,
      clock: () => performance.now(),
      now: () => new Date(),
    },
  };
  running = runCoild(options, deps, stop.signal);
  await eventually('coild is ready', async () => (await call({ path: '/readyz' })).status === 200);
});
after(async () => {
  stop.abort();
  await running;
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

test('the page is of this version', () => {
  assert.equal(page.openapi, '3.1.0');
  assert.equal(page.info.version, manifest.version);
});

const pod = (name: string, container: string, more = {}) =>
  JSON.stringify({ 'pod-namespace': 'default', 'pod-name': name, 'container-id': container, ...more });
const cni = (command: string, container: string, more: object = {}): HttpRequest => ({
  method: 'POST',
  path: '/cni',
  headers: {
    'CNI-Command': command,
    'CNI-Containerid': container,
    'CNI-Netns': netns,
    'CNI-Ifname': 'eth0',
    'CNI-Args': 'K8S_POD_NAMESPACE=default;K8S_POD_NAME=web',
  },
  body: JSON.stringify({ cniVersion: '1.1.0', name: 'k8s', ...more }),
});

/** Requests in their order, each with the path of the page that it is of, and the status of its answer. */
const CALLS: readonly (readonly [path: string, status: number, request: HttpRequest])[] = [
  ['/status', 200, { path: '/status' }],
  ['/healthz', 200, { path: '/healthz' }],
  ['/readyz', 200, { path: '/readyz' }],
  ['/metrics', 200, { path: '/metrics' }],
  ['/ip', 200, { method: 'POST', path: '/ip', body: pod('web-0', 'c0') }],
  ['/ip', 200, { method: 'POST', path: '/ip', body: pod('web-1', 'c1', { 'address-type': '' }) }],
  ['/ip', 400, { method: 'POST', path: '/ip', body: '{}' }],
  ['/ip', 409, { method: 'POST', path: '/ip', body: pod('web-0', 'c0') }],
  ['/ip', 413, { method: 'POST', path: '/ip', headers: { 'Content-Length': '1048576' } }],
  ['/ip', 503, { method: 'POST', path: '/ip', body: pod('web-2', 'c2', { 'address-type': 'ipv6' }) }],
  ['/ip/{namespace}/{pod}/{container}', 200, { path: '/ip/default/web-0/c0' }],
  ['/ip/{namespace}/{pod}/{container}', 404, { path: '/ip/default/web-0/none' }],
  ['/ip/{namespace}/{pod}/{container}', 400, { path: '/ip/default//c0' }],
  ['/ip/{namespace}/{pod}/{container}', 200, { method: 'DELETE', path: '/ip/default/web-0/c0' }],
  ['/ip/{namespace}/{pod}/{container}', 200, { method: 'DELETE', path: '/ip/default/web-0/c0' }],
  ['/ip/{namespace}/{pod}/{container}', 400, { method: 'DELETE', path: '/ip/default/web-0/' }],
  ['/cni', 200, cni('STATUS', '')],
  ['/cni', 200, cni('ADD', 'c3')],
  ['/cni', 200, cni('ADD', 'c3', { cniVersion: '0.3.1' })],
  ['/cni', 400, cni('ADD', '')],
  ['/cni', 400, cni('ADD', 'c4', { cniVersion: '0.2.0' })],
  ['/cni', 500, cni('CHECK', 'none', { prevResult: {} })],
  ['/cni', 400, cni('GC', '')],
  ['/cni', 200, cni('GC', '', { 'cni.dev/valid-attachments': [{ containerID: 'c3', ifname: 'eth0' }] })],
  ['/cni', 200, cni('DEL', 'c3')],
];

for (const [path, status, request] of CALLS) {
  const method = (request.method ?? 'GET').toLowerCase();
  test(`${request.method ?? 'GET'} ${request.path} is answered with ${status} as the page says`, async () => {
    const answer = await call(request);
    assert.equal(answer.status, status, answer.body);
    const operation: Operation = page.paths[path][method];
    assert.ok(operation, 'the page does not have it');
    const pointer = `/paths/${pointerPart(path)}/${method}/responses/${status}`;
    assert.ok(operation.responses[String(status)], `the page does not have status ${status}`);
    if (answer.body !== '') assertShape(pointer, answer);
    if (method === 'post' && path === '/ip') assertInput(request.body ?? '', status);
  });
}

test('what the page does not have is answered with 404 or 405', async () => {
  for (const path of Object.keys(page.paths)) {
    const url = path.replace(/\{.*\}/, 'a/b/c');
    for (const method of METHODS.filter((one) => !(one in page.paths[path]))) {
      const { status } = await call({ method: method.toUpperCase(), path: url });
      assert.equal(status, 405, `${method} ${path}`);
    }
  }
  assert.equal((await call({ path: '/metrics-of-nobody' })).status, 404);
});

test('every operation of the page was called', () => {
  const called = new Set(CALLS.map(([path, , { method = 'GET' }]) => `${method} ${path}`));
  const there = Object.entries<object>(page.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  assert.deepEqual([...called].sort(), there.sort());
});

/** Follows the page's own references; validates the body against the schema of its content type. */
function assertShape(pointer: string, { type = '', body }: Answer): void {
  const { $ref = `#${pointer}` } = at(pointer) as { $ref?: string };
  const medium = type.split(';')[0]!;
  const content = `${$ref.slice(1)}/content/${pointerPart(medium)}`;
  assert.ok(at(content), `the page does not have ${medium}`);
  const validate = ajv.getSchema(`api#${content}/schema`)!;
  assert.ok(validate(medium === 'text/plain' ? body : JSON.parse(body)), `${body}: ${JSON.stringify(validate.errors)}`);
}

/** What the page takes for a body is what coild takes, and the reverse. */
function assertInput(body: string, status: number): void {
  if (body === '') return;
  const validate = ajv.getSchema('api#/components/schemas/NewAddress')!;
  assert.equal(validate(JSON.parse(body)), status !== 400);
}

interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: string;
}

async function call({ method = 'GET', path, headers = {}, body = '' }: HttpRequest): Promise<Answer> {
  const signal = AbortSignal.timeout(10_000);
  const outgoing = httpRequest({ socketPath: socketPath(), agent: false, method, path, headers, signal });
  outgoing.on('error', () => undefined);
  outgoing.end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: incoming.statusCode ?? 0, type: incoming.headers['content-type'], body: await text(incoming) };
}

function socketPath(): string {
  return join(folder, 'coild.sock');
}

/** What a pointer of RFC 6901, in a URI, points at in the page. */
function at(pointer: string): object | undefined {
  const parts = pointer
    .slice(1)
    .split('/')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/'));
  return parts.reduce((found, part) => found?.[part], page);
}

function pointerPart(name: string): string {
  return encodeURIComponent(name.replaceAll('/', '~1'));
}
