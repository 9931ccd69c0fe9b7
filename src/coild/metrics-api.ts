import type { FastifyInstance } from 'fastify';
import type { ExposedMetrics } from '../process/metrics-listener.ts';
import type { RequestObserver } from './request-metrics.ts';

export interface MetricsApiDeps {
  readonly metrics: ExposedMetrics;
  readonly observer: RequestObserver;
}

/** `GET /metrics`, in Prometheus' text format; and every request of this server is counted. */
export function addMetricsApi(app: FastifyInstance, { metrics, observer }: MetricsApiDeps): void {
  app.addHook('onResponse', async ({ method, routeOptions }, { statusCode: status }) =>
    observer.rest({ method, route: routeOptions.url, status }),
  );

  app.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await metrics.exposition();
    return await reply.type(contentType).send(text);
  });
}
