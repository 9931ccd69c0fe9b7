import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { V1_GOLDEN } from '../etcd/v1-golden.ts';
import { readAsV1, type V1State } from '../etcd/v1-reader.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { eventually } from './eventually.ts';
import { type HttpAnswer, type HttpRequest, makeRequests } from './http-errand.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { V1Datastore } from './v1-datastore.ts';
import { table119, V1_TABLE_119 } from './v1-node.ts';
import { nameOf, V1_REST_EXCEPTIONS, v1RestAnswers } from './v1-rest.ts';

const COILD = { host: '127.0.0.1', port: 9383 };

describe('over what a v1 cluster left, our coild', { skip: needsRoot, concurrency: 1 }, () => {
  let stack: AsyncDisposableStack;
  let datastore: V1Datastore;
  let node: NodeUnderTest;
  before(async () => {
    stack = new AsyncDisposableStack();
    datastore = stack.use(new V1Datastore(stack.use(await EtcdServer.start())));
    await datastore.put(V1_GOLDEN);
    node = stack.use(await NodeUnderTest.create(datastore.open, { pools: [] }));
    const coild = await node.startCoild('--scan-interval=200ms', '--address-rest=0s', '--spare-blocks=0');
    await coild.logged('exported blocks');
  });
  after(() => stack?.disposeAsync());

  const ask = (requests: readonly HttpRequest[]) => makeRequests(node.netns.path, { to: COILD, requests });
  const state = async (): Promise<V1State> => readAsV1(await datastore.fixture.dump());

  for (const { request, status, body } of v1RestAnswers()) {
    const exception = V1_REST_EXCEPTIONS[nameOf(request)];
    test(`answers ${nameOf(request).slice(0, 80)} as v1 did${exception ? `, but ${exception.reason}` : ''}`, async () => {
      const [answer] = await ask([request]);
      assert.equal(answer?.status, status);
      assert.match(answer.type ?? '', /^application\/json\b/);
      // ours, which v1's readers do not mind
      const text = answer.body.trim().replace(/"request_id":"[^"]+",|"datastore":\{[^}]*\},/, '');
      if (exception) assert.match(text, exception.body);
      else assert.equal(text, body);
      assert.equal(/"request_id":/.test(answer.body), status !== 200);
    });
  }

  test('differs nowhere that is not in the answers', () => {
    const names = v1RestAnswers().map(({ request }) => nameOf(request));
    for (const name of Object.keys(V1_REST_EXCEPTIONS)) assert.ok(names.includes(name), name);
  });

  test('exports to table 119 what v1 did', async () => assert.equal(await table119(node), V1_TABLE_119));

  test('has changed nothing by all that', async () => {
    const now = await datastore.fixture.dump();
    for (const [key, value] of Object.entries(V1_GOLDEN)) assert.equal(now[key], value, key);
  });

  test('allocates, acquires, frees and returns, and v1 can read it all the way', async () => {
    const containers = Array.from({ length: 8 }, (_, i) => `c${i}`);
    const given = await ask(containers.map((container) => allocation('dmz', container)));
    // three in the block that v1 acquired, then in those that were free
    const expected = [1, 2, 3, 8, 9, 10, 11, 12].map((octet) => `203.0.113.${octet}`);
    assert.deepEqual(given.map(addressIn), expected);
    const used = await state();
    const document = used.blocks.get('dmz/203.0.113.0')!;
    assert.deepEqual(document.free, []);
    assert.deepEqual(document.nodes.get('node1'), ['203.0.113.0/30', '203.0.113.8/30', '203.0.113.12/30']);
    assert.equal(used.addresses.get('203.0.113.12/0')?.containerId, 'c7');
    const freed = await ask(containers.map((c) => ({ method: 'DELETE', path: `/ip/dmz/pod-${c}/${c}` })));
    assert.deepEqual(freed.map(addressIn), expected);
    const [old] = await ask([{ method: 'DELETE', path: '/ip/default/old-pod/some-container' }]);
    assert.equal(addressIn(old!), '10.64.0.25');
    await eventually('the blocks are returned', async () => {
      return (await state()).blocks.get('dmz/203.0.113.0')!.nodes.get('node1')?.length === 1;
    });
    const now = await datastore.fixture.dump();
    const changed = Object.keys(V1_GOLDEN).filter((key) => now[key] !== V1_GOLDEN[key]);
    // the block documents are those of before, since blocks are returned in the order in which they came
    assert.deepEqual(changed, ['ip/10.64.0.16/9']);
    await eventually('table 119 is that of before', async () => (await table119(node)) === V1_TABLE_119);
  });
});

function allocation(namespace: string, container: string): HttpRequest {
  const body = { 'pod-namespace': namespace, 'pod-name': `pod-${container}`, 'container-id': container };
  return { method: 'POST', path: '/ip', body: JSON.stringify(body) };
}

function addressIn({ body }: HttpAnswer): unknown {
  return (JSON.parse(body) as { address?: unknown }).address;
}
