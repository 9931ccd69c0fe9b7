import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeRequest } from './kube-client.ts';
import { KubeError } from './kube-error.ts';
import { KubeNodeTaints } from './kube-node-taints.ts';

const { signal } = new AbortController();
const BOOT = { key: 'coil.cybozu.com/bootstrap', effect: 'NoSchedule' };
const BOOT_TOO = { key: 'coil.cybozu.com/bootstrap', effect: 'NoExecute', value: 'x' };
const OTHER = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' };

type Version = { metadata: { name: string; resourceVersion: string }; spec: Record<string, unknown>; status: unknown };

/** An API server with one Node; an update of another version than the present one is refused. */
class FakeApi {
  node: Version;
  requests: string[] = [];
  /** Run before the answer to the request of that number, from 1 on. */
  readonly events = new Map<number, () => void>();

  constructor(taints?: readonly unknown[]) {
    const spec = { podCIDR: '10.0.0.0/24', unknownHere: { deep: [1] }, ...(taints && { taints }) };
    this.node = { metadata: { name: 'node1', resourceVersion: '1' }, spec, status: { phase: 'x' } };
  }

  update(spec: Record<string, unknown>): void {
    const resourceVersion = String(Number(this.node.metadata.resourceVersion) + 1);
    this.node = { ...this.node, metadata: { ...this.node.metadata, resourceVersion }, spec };
  }

  async ask({ method, path, body }: KubeRequest): Promise<unknown> {
    this.requests.push(`${method} ${path}`);
    this.events.get(this.requests.length)?.();
    if (method === 'GET') return structuredClone(this.node);
    const sent = body as Version;
    if (sent.metadata.resourceVersion !== this.node.metadata.resourceVersion) {
      throw new KubeError('PUT was answered with 409: the object has been modified', { status: 409 });
    }
    assert.deepEqual({ ...sent, spec: undefined }, { ...this.node, spec: undefined });
    this.update(sent.spec);
    return this.node;
  }
}

/** The taints of `api`'s Node, without waits between attempts; these are counted. */
function taintsAt(api: FakeApi) {
  const waits: number[] = [];
  const sleep = async (ms: number) => void waits.push(ms);
  return { waits, taints: new KubeNodeTaints('node1', api, { random: () => 1, sleep }) };
}

test('takes the named taints away, all their effects, and nothing else', async () => {
  const api = new FakeApi([OTHER, BOOT, BOOT_TOO]);
  const { taints } = taintsAt(api);
  assert.deepEqual(await taints.find(['absent', BOOT.key], signal), [BOOT.key]);
  assert.deepEqual(await taints.remove(['absent', BOOT.key], signal), [BOOT.key]);
  assert.deepEqual(api.node.spec, { podCIDR: '10.0.0.0/24', unknownHere: { deep: [1] }, taints: [OTHER] });
  assert.deepEqual(await taints.find([BOOT.key], signal), []);
});

for (const [what, present] of [
  ['no taints', undefined],
  ['other taints', [OTHER]],
] as const) {
  test(`a Node with ${what} is not written`, async () => {
    const api = new FakeApi(present);
    assert.deepEqual(await taintsAt(api).taints.remove([BOOT.key], signal), []);
    assert.deepEqual(api.requests, ['GET /api/v1/nodes/node1']);
  });
}

test("another's change at the same time is kept", async () => {
  const api = new FakeApi([BOOT]);
  api.events.set(2, () => api.update({ ...api.node.spec, taints: [BOOT, OTHER] }));
  const { taints, waits } = taintsAt(api);
  assert.deepEqual(await taints.remove([BOOT.key], signal), [BOOT.key]);
  assert.deepEqual(api.node.spec.taints, [OTHER]);
  assert.deepEqual(waits, [200]);
});

test('a taint that another took away meanwhile, or an answer that was lost, is a success', async () => {
  const api = new FakeApi([BOOT]);
  api.events.set(2, () => {
    api.update({ ...api.node.spec, taints: [] });
    throw new KubeError('PUT failed', { cause: new Error('socket hang up') });
  });
  assert.deepEqual(await taintsAt(api).taints.remove([BOOT.key], signal), [BOOT.key]);
});

test('attempts end: the last error is told', async () => {
  const api = new FakeApi([BOOT]);
  api.ask = () => Promise.reject(new KubeError('GET was answered with 503: starting', { status: 503 }));
  const { taints, waits } = taintsAt(api);
  await assert.rejects(taints.remove([BOOT.key], signal), {
    message: 'cannot remove the taints of Node node1',
    cause: new KubeError('GET was answered with 503: starting', { status: 503 }),
  });
  assert.deepEqual(waits, [200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000]);
});

for (const [status, advice] of [
  [403, '(the ServiceAccount needs get and update of nodes)'],
  [404, '(COIL_NODE_NAME takes the name of this Node)'],
  [422, ''],
] as const) {
  test(`${status} is not tried again`, async () => {
    const api = new FakeApi();
    api.ask = () => Promise.reject(new KubeError('GET was answered', { status }));
    const { taints, waits } = taintsAt(api);
    await assert.rejects(taints.find([BOOT.key], signal), {
      message: `cannot read the taints of Node node1 ${advice}`.trim(),
      status,
    });
    assert.deepEqual(waits, []);
  });
}
