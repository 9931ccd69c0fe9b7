import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { createPool, DATASTORES, type OpenDatastore } from './datastores.ts';
import { type HttpAnswer, type HttpErrand, type HttpRequest, makeRequests } from './http-errand.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { POOLS, REFUSED, REPLAY, type RestStep, SECOND_SUBNET } from './rest-replay.ts';

const TCP = { host: '127.0.0.1', port: 9383 };
const NOBODY = 65534;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

// one beside the other; what is in each goes one after the other
describe('REST', { concurrency: 2 }, () => {
  for (const [name, openDatastore] of Object.entries(DATASTORES)) {
    // a transport is before the datastore: one of the two need not meet both
    for (const transport of name === 'etcd' ? (['tcp'] as const) : (['socket', 'tcp'] as const)) {
      describe(`v1's REST API over ${name}, by ${transport}`, { skip: needsRoot, concurrency: 1 }, () => {
        let node: NodeUnderTest;
        let to: HttpErrand['to'];
        before(async () => {
          node = await startNode(openDatastore);
          to = transport === 'tcp' ? TCP : { socketPath: node.socket };
        });
        after(() => node[Symbol.asyncDispose]());

        test('gives, shows and frees addresses', async () => {
          const answers = await makeRequests(node.netns.path, { to, requests: REPLAY.map(({ request }) => request) });
          for (const [i, step] of REPLAY.entries()) assertAnswer(answers[i]!, step);
        });

        test('refuses what is wrong, says why, and changes nothing', async () => {
          const dump = await node.dump();
          const answers = await makeRequests(node.netns.path, { to, requests: REFUSED.map(({ request }) => request) });
          for (const [i, step] of REFUSED.entries()) assertAnswer(answers[i]!, step);
          assert.deepEqual(await node.dump(), dump);
        });
      });
    }
  }
});

describe('authority over the REST API', { skip: needsRoot }, () => {
  let node: NodeUnderTest;
  before(async () => {
    node = await startNode(DATASTORES.sqlite);
    const [answer] = await makeRequests(node.netns.path, { to: TCP, requests: [allocation('c0')] });
    assert.equal(answer?.status, 200, 'root may change things over TCP');
  });
  after(() => node[Symbol.asyncDispose]());

  test('over TCP, another user than root may read, and change nothing', async () => {
    const dump = await node.dump();
    const release = { method: 'DELETE', path: '/ip/default/web/c0' };
    const call = { method: 'POST', path: '/cni', headers: { 'CNI-Command': 'DEL' }, body: '{}' };
    const forged = { ...release, headers: { 'X-Forwarded-For': '127.0.0.1', Authorization: 'Basic cm9vdDo=' } };
    const requests = [{ path: '/status' }, { path: '/ip/default/web/c0' }, allocation('c1'), release, call, forged];
    const answers = await makeRequests(node.netns.path, { to: TCP, uid: NOBODY, requests });
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 403, 403, 403, 403],
    );
    for (const { body } of answers.slice(2)) assert.match(JSON.parse(body).error, /only processes of root/);
    assert.deepEqual(await node.dump(), dump);
  });

  test('another user than root cannot connect to the socket', async () => {
    await chmod(node.folder, 0o755);
    const to = { socketPath: node.socket };
    const [answer] = await makeRequests(node.netns.path, { to, uid: NOBODY, requests: [{ path: '/status' }] });
    assert.deepEqual(answer, { status: 0, body: 'EACCES' });
  });
});

async function startNode(openDatastore: OpenDatastore): Promise<NodeUnderTest> {
  const node = await NodeUnderTest.create(openDatastore);
  try {
    const { store } = node.datastore;
    for (const [pool, subnet, blockSize] of POOLS) await createPool(store, pool, subnet, blockSize);
    await store.addSubnet('dual', IpPrefix.parse(SECOND_SUBNET), AbortSignal.timeout(10_000));
    await node.startCoild();
    return node;
  } catch (error) {
    await node[Symbol.asyncDispose]();
    throw error;
  }
}

function assertAnswer(answer: HttpAnswer, { request, status, body }: RestStep): void {
  const what = `${request.method ?? 'GET'} ${request.path} ${request.body?.slice(0, 200) ?? ''}`;
  assert.match(answer.type ?? '', /^application\/json\b/, `${what}: ${answer.body}`);
  const { request_id: id, datastore: _, ...actual } = JSON.parse(answer.body) as Record<string, unknown>;
  assert.deepEqual({ what, ...actual }, { what, ...body, status: answer.status });
  assert.equal(answer.status, status, what);
  if (status !== 200) assert.match(String(id), UUID, what);
}

function allocation(container: string): HttpRequest {
  const body = { 'pod-namespace': 'default', 'pod-name': 'web', 'container-id': container };
  return { method: 'POST', path: '/ip', body: JSON.stringify(body) };
}
