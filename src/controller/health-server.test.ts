import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { PrometheusMetrics } from '../process/prometheus-metrics.ts';
import { serveHealth } from './health-server.ts';

const options = { patienceMs: 0, signal: AbortSignal.timeout(20_000) };

test('a port that is taken is an error that names the flag', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const deps = { readiness: { problems: [] }, metrics: new PrometheusMetrics() };
  await assert.rejects(serveHealth({ host: '127.0.0.1', port }, deps, options), {
    code: 'network',
    message: /\(--health\).*EADDRINUSE/,
  });
  // its owner may be on its way out
  const serving = serveHealth({ host: '127.0.0.1', port }, deps, { ...options, patienceMs: 20_000 });
  other.close();
  const server = await serving;
  assert.equal((await fetch(`http://127.0.0.1:${port}/readyz?verbose`)).status, 200);
  await server[Symbol.asyncDispose]();
  await assert.rejects(fetch(`http://127.0.0.1:${port}/readyz`));
});

test('without a host it is served at every address', async () => {
  const free = createServer().listen(0);
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');
  await using _server = await serveHealth(
    { host: '', port },
    { readiness: { problems: [] }, metrics: new PrometheusMetrics() },
    options,
  );
  assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
});
