import type { FastifyInstance } from 'fastify';

export interface HealthApiDeps {
  /** Why an ADD could not be served now; undefined where it could. */
  readonly unavailable: () => string | undefined;
}

/**
 * What an orchestrator asks. `GET /healthz` answers whatever the datastore does: to start coild anew would not bring that
 * back, and would take away what coild knows. `GET /readyz` is 503 with the reason where no ADD could be served, as
 * CNI's STATUS.
 */
export function addHealthApi(app: FastifyInstance, { unavailable }: HealthApiDeps): void {
  app.get('/healthz', async () => ({ status: 200 }));

  app.get('/readyz', async (_request, reply) => {
    const error = unavailable();
    // not an error of the request: what made it so is in the log already
    return error === undefined ? { status: 200 } : await reply.code(503).send({ error, status: 503 });
  });
}
