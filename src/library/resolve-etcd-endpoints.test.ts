import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoilError } from '../model/error.ts';
import { newEtcdConfig } from '../store/etcd/new-etcd-config.ts';
import { resolveEtcdEndpoints } from './resolve-etcd-endpoints.ts';

const { signal } = new AbortController();
const lookUp = async (name: string) => {
  assert.equal(name, 'etcd');
  return ['192.0.2.1:2379', '[2001:db8::1]:2379'];
};

test('@NAME becomes the URLs of that object, and all else stays', async () => {
  const config = { ...newEtcdConfig(), endpoints: ['@etcd'], username: 'coil' };
  const endpoints = ['http://192.0.2.1:2379', 'http://[2001:db8::1]:2379'];
  assert.deepEqual(await resolveEtcdEndpoints(config, signal, lookUp), { ...config, endpoints });
});

test('with certificates they are https', async () => {
  const config = { endpoints: ['@etcd'], tlsCa: '/ca.crt' };
  const { endpoints } = await resolveEtcdEndpoints(config, signal, lookUp);
  assert.deepEqual(endpoints, ['https://192.0.2.1:2379', 'https://[2001:db8::1]:2379']);
});

test('URLs are left as they are, and nothing is looked up', async () => {
  const never = () => assert.fail('looked up');
  for (const endpoints of [newEtcdConfig().endpoints, ['http://a:1', '@b'], []]) {
    const config = { endpoints };
    assert.equal(await resolveEtcdEndpoints(config, signal, never), config);
  }
});

test('without a resolver it takes a Pod, and says so elsewhere', { skip: inPod() }, async () => {
  await assert.rejects(resolveEtcdEndpoints({ endpoints: ['@etcd'] }, signal), (error) =>
    CoilError.is(error, 'invalid-argument'),
  );
});

function inPod(): string | false {
  return process.env.KUBERNETES_SERVICE_HOST ? 'this is a Pod, which would ask its API server' : false;
}
