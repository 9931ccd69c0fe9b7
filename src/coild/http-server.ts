import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { Arrivals } from './arrivals.ts';
import { type CniApiDeps, isCniCall, serveCni } from './cni-api.ts';
import { addHealthApi } from './health-api.ts';
import { limitConnections } from './limit-connections.ts';
import { answerMalformed } from './malformed-request.ts';
import { addMetricsApi, type MetricsApiDeps } from './metrics-api.ts';
import { addRestApi, type RestIpam } from './rest-api.ts';
import { HttpError, toRestFailure } from './rest-failure.ts';

/** A network configuration may be half a megabyte, as the client lets it through. */
const BODY_LIMIT = 512 * 1024;
const HEADER_LIMIT = 32 * 1024;
/** A request is answered before the client gives up, after 60 s. */
const REQUEST_DEADLINE_MS = 50_000;
/** Reading methods of HTTP: whoever reaches the server may use them. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface HttpServerDeps extends CniApiDeps, MetricsApiDeps {
  readonly ipam: RestIpam;
  /** Whether the client of a connection may change anything; undefined where every client may. */
  readonly mayChange: ((client: Socket) => Promise<boolean>) | undefined;
  /** At the same time; one more takes the place of one without a request, or is closed. */
  readonly connections: number;
}

/** coild's HTTP server, which does not listen yet: v1's REST API, the CNI verbs, and what tells its health and metrics. */
export function createHttpServer(deps: HttpServerDeps): FastifyInstance {
  const deadline = () => AbortSignal.timeout(REQUEST_DEADLINE_MS);
  const authorize = async ({ method = '', socket }: IncomingMessage): Promise<void> => {
    if (!deps.mayChange || SAFE_METHODS.has(method) || (await deps.mayChange(socket))) return;
    throw new HttpError(403, 'only processes of root on this node may change anything over TCP; use the unix socket');
  };
  const cni = { authorize, deadlineMs: REQUEST_DEADLINE_MS, bodyLimit: BODY_LIMIT };
  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    serverFactory: (serveRest) =>
      createServer({ maxHeaderSize: HEADER_LIMIT, requestTimeout: REQUEST_DEADLINE_MS }, (request, response) => {
        if (isCniCall(request)) void serveCni(deps, cni, request, response);
        else serveRest(request, response);
      }),
    genReqId: () => randomUUID(),
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    clientErrorHandler: answerMalformed,
    // a path that cannot be decoded
    frameworkErrors: (_error, { id }, { raw }) => {
      const failure = toRestFailure(new HttpError(400, 'invalid request'), id);
      raw.writeHead(failure.status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(failure));
    },
  });
  limitConnections(app.server, deps.connections);
  const arrivals = new Arrivals(app.server);
  app.addHook('preClose', () => arrivals.settled());

  // v1 reads bodies whatever their Content-Type says, and says itself what is wrong with their JSON
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  if (deps.mayChange) app.addHook('onRequest', async ({ raw }) => authorize(raw));
  app.setNotFoundHandler(async (request) => {
    const known = ['/status', '/ip', '/cni', '/healthz', '/readyz', '/metrics'].includes(
      request.url.split('?')[0] ?? '',
    );
    if (known) throw new HttpError(405, 'method not allowed');
    if (request.url === '/ip/') throw new HttpError(400, 'invalid request');
    throw new HttpError(404, 'requested resource is not found');
  });
  app.setErrorHandler(async (error, request, reply) => {
    const failure = toRestFailure(error, request.id);
    const fields = { method: request.method, url: request.url, status: failure.status, request_id: request.id, error };
    if (failure.status >= 500) deps.logger.error('a request failed', fields);
    else deps.logger.debug('a request was refused', fields);
    return reply.code(failure.status).send(failure);
  });

  addMetricsApi(app, deps);
  addHealthApi(app, deps);
  addRestApi(app, deps.ipam, deadline);
  return app;
}
