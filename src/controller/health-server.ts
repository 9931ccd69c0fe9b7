import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { CoilError } from '../model/error.ts';
import { errorText } from '../process/error-text.ts';
import { type ListenOptions, listen } from '../process/listen.ts';
import type { ListenAddress } from '../process/listen-address.ts';
import { answerMetrics, type ExposedMetrics } from '../process/metrics-listener.ts';
import type { Readiness } from './readiness.ts';

const IDLE_MS = 5_000;
const PATHS = new Set(['/healthz', '/readyz', '/metrics']);
const READING = new Set(['GET', 'HEAD']);

export interface HealthDeps {
  readonly readiness: Pick<Readiness, 'problems'>;
  readonly metrics: ExposedMetrics;
}

/**
 * Serves kubelet's probes: `GET /healthz` answers 200 while the process runs; `GET /readyz` 200 where it can do its work,
 * else 503 and why; and `GET /metrics`. What is wrong outside is no reason to restart, so it is no part of /healthz.
 * Disposing closes it.
 * @throws {CoilError} network
 */
export async function serveHealth(
  address: ListenAddress,
  { readiness, metrics }: HealthDeps,
  options: ListenOptions,
): Promise<AsyncDisposable> {
  const server = createServer({ requestTimeout: IDLE_MS, keepAliveTimeout: IDLE_MS }, (request, response) => {
    const { method = '', url = '' } = request;
    if (/^\/metrics(\?|$)/.test(url) && READING.has(method)) void answerMetrics(response, metrics);
    else answer(request, response, readiness.problems);
  });
  try {
    return await listen(server, address, options);
  } catch (cause) {
    options.signal.throwIfAborted();
    const message = `cannot serve health checks at ${address.host}:${address.port} (--health): ${errorText(cause)}`;
    throw new CoilError('network', message, { cause });
  }
}

function answer({ method, url }: IncomingMessage, response: ServerResponse, problems: readonly string[]): void {
  const path = url?.split('?')[0];
  if (path === undefined || !PATHS.has(path)) send(response, 404, `there are ${[...PATHS].join(', ')}`);
  else if (!READING.has(method ?? '')) send(response, 405, `${path} takes GET`);
  else if (path === '/readyz' && problems.length > 0) send(response, 503, problems.join('; '));
  else send(response, 200);
}

/** As coild answers: `{"status":503,"error":"…"}`. */
function send(response: ServerResponse, status: number, error?: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(`${JSON.stringify({ ...(error === undefined ? {} : { error }), status })}\n`);
}
