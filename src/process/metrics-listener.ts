import { createServer, type ServerResponse } from 'node:http';
import { errorText } from './error-text.ts';
import { type ListenOptions, listen } from './listen.ts';
import type { ListenAddress } from './listen-address.ts';
import type { PrometheusMetrics } from './prometheus-metrics.ts';

const IDLE_MS = 5_000;

/** What is served, by whichever server. */
export type ExposedMetrics = Pick<PrometheusMetrics, 'exposition'>;

/** Serves nothing but `GET /metrics`. Disposing closes it. @throws {Error} that names the address */
export async function serveMetrics(
  address: ListenAddress,
  metrics: ExposedMetrics,
  options: ListenOptions,
): Promise<AsyncDisposable> {
  const server = createServer({ requestTimeout: IDLE_MS, keepAliveTimeout: IDLE_MS }, ({ method, url }, response) => {
    if (url?.split('?')[0] !== '/metrics') refuse(response, 404, 'there is /metrics');
    else if (method !== 'GET' && method !== 'HEAD') refuse(response, 405, '/metrics takes GET');
    else void answerMetrics(response, metrics);
  });
  try {
    return await listen(server, address, options);
  } catch (cause) {
    options.signal.throwIfAborted();
    throw new Error(`cannot serve metrics at ${address.host}:${address.port} (--metrics): ${errorText(cause)}`, {
      cause,
    });
  }
}

/** Answers a request for `/metrics`. Never throws. */
export async function answerMetrics(response: ServerResponse, metrics: ExposedMetrics): Promise<void> {
  try {
    const { contentType, text } = await metrics.exposition();
    response.writeHead(200, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(text) });
    response.end(text);
  } catch (error) {
    refuse(response, 500, `cannot read the metrics: ${errorText(error)}`);
  }
}

function refuse(response: ServerResponse, status: number, error: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(`${JSON.stringify({ error, status })}\n`);
}
