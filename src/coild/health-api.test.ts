import assert from 'node:assert/strict';
import { test } from 'node:test';
import Fastify from 'fastify';
import { addHealthApi } from './health-api.ts';

test('while the datastore is down coild is healthy, and not ready, and says why', async () => {
  let reason: string | undefined = 'the datastore is down';
  const app = Fastify();
  addHealthApi(app, { unavailable: () => reason });
  const ask = async (path: string) => {
    const { statusCode, body } = await app.inject(path);
    return { statusCode, body: JSON.parse(body) };
  };
  assert.deepEqual(await ask('/healthz'), { statusCode: 200, body: { status: 200 } });
  assert.deepEqual(await ask('/readyz'), { statusCode: 503, body: { error: reason, status: 503 } });
  reason = undefined;
  assert.deepEqual(await ask('/readyz'), { statusCode: 200, body: { status: 200 } });
});
