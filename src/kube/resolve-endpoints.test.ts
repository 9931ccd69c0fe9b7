import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeRequest } from './kube-client.ts';
import { KubeError } from './kube-error.ts';
import { readEndpoints } from './resolve-endpoints.ts';

const ENDPOINTS = '/api/v1/namespaces/kube-system/endpoints/etcd';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices';

function client(answers: Readonly<Record<string, unknown>>) {
  return {
    ask: async ({ path }: KubeRequest) => {
      if (path in answers) return answers[path];
      throw new KubeError(`GET ${path}`, { status: 404 });
    },
  };
}

async function resolve(answers: Readonly<Record<string, unknown>>): Promise<string[]> {
  return await readEndpoints(client(answers), 'etcd', new AbortController().signal);
}

test('every ready address with every port', async () => {
  const subsets = [
    {
      addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }],
      notReadyAddresses: [{ ip: '10.0.0.2' }],
      ports: [{ port: 2379 }, { port: 2380 }],
    },
    { addresses: [{ ip: '10.0.0.3' }], ports: [{ port: 22379 }] },
  ];
  assert.deepEqual(await resolve({ [ENDPOINTS]: { subsets } }), [
    '10.0.0.1:2379',
    '10.0.0.1:2380',
    '[fd00::1]:2379',
    '[fd00::1]:2380',
    '10.0.0.3:22379',
  ]);
});

test('EndpointSlices where there are no Endpoints', async () => {
  const items = [
    {
      endpoints: [
        { addresses: ['10.0.0.1'], conditions: { ready: true } },
        { addresses: ['10.0.0.2'], conditions: { ready: false } },
        { addresses: ['10.0.0.3'] },
      ],
      ports: [{ port: 2379 }],
    },
  ];
  assert.deepEqual(await resolve({ [SLICES]: { items } }), ['10.0.0.1:2379', '10.0.0.3:2379']);
});

test('none at all is told with where to look', async () => {
  const expected = { code: 'store-unavailable', message: /kube-system\/etcd have no ready address .*kubectl/ };
  await assert.rejects(resolve({}), expected);
  await assert.rejects(resolve({ [ENDPOINTS]: {} }), expected);
});

test('what the API server refuses is told as it is', async () => {
  const refusing = {
    ask: async () => {
      throw new KubeError('forbidden', { status: 403 });
    },
  };
  await assert.rejects(readEndpoints(refusing, 'etcd', new AbortController().signal), { status: 403 });
});
