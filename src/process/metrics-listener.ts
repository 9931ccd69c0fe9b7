import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { errorText } from './error-text.ts';
import type { PrometheusMetrics } from './prometheus-metrics.ts';

const IDLE_MS = 5_000;

/** An address to listen at. */
export interface MetricsAddress {
  /** IP address or name; empty for all addresses. */
  readonly host: string;
  readonly port: number;
}

/** What is served, by whichever server. */
export type ExposedMetrics = Pick<PrometheusMetrics, 'exposition'>;

/** Serves nothing but `GET /metrics`. Disposing closes it. @throws {Error} that names the address */
export async function serveMetrics({ host, port }: MetricsAddress, metrics: ExposedMetrics): Promise<AsyncDisposable> {
  const server = createServer({ requestTimeout: IDLE_MS, keepAliveTimeout: IDLE_MS }, ({ method, url }, response) => {
    if (url?.split('?')[0] !== '/metrics') refuse(response, 404, 'there is /metrics');
    else if (method !== 'GET' && method !== 'HEAD') refuse(response, 405, '/metrics takes GET');
    else void answerMetrics(response, metrics);
  });
  try {
    // without a host Node listens on ::, or on 0.0.0.0 where the kernel has no IPv6
    server.listen({ port, ...(host === '' ? {} : { host }) });
    await once(server, 'listening');
  } catch (cause) {
    throw new Error(`cannot serve metrics at ${host}:${port} (--metrics): ${errorText(cause)}`, { cause });
  }
  return {
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
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
