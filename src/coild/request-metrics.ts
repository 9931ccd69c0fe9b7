import { CNI_COMMANDS } from '../cni/cni-command.ts';
import type { Metrics } from '../process/metrics.ts';

/** In seconds: a Pod's network takes some milliseconds, and the runtime gives up after a minute. */
const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50];

/** Who is told of each request once it was answered. */
export interface RequestObserver {
  /** @param code CNI's number of the error; 0 for none */
  cni(call: { readonly command: string | undefined; readonly code: number; readonly ms: number }): void;
  /** @param route as it was declared; undefined where there is none */
  rest(request: { readonly method: string; readonly route: string | undefined; readonly status: number }): void;
}

export function requestMetrics(metrics: Metrics): RequestObserver {
  const calls = metrics.counter({
    name: 'coil_cni_requests_total',
    help: 'CNI calls by how they ended: ok, or the number of the error',
    labels: ['command', 'result'],
    from: ['ADD', 'DEL'].map((command) => ({ command, result: 'ok' })),
  });
  const durations = metrics.histogram({
    name: 'coil_cni_request_duration_seconds',
    help: 'How long CNI calls took, from when they came until they were answered',
    labels: ['command'],
    buckets: BUCKETS,
  });
  const requests = metrics.counter({
    name: 'coil_http_requests_total',
    help: 'Requests to the REST API and to what tells of health and metrics',
    labels: ['method', 'route', 'status'],
  });
  return {
    cni: ({ command: given, code, ms }) => {
      // what a caller makes up is no label
      const command = CNI_COMMANDS.find((known) => known === given) ?? 'other';
      calls.add({ command, result: code === 0 ? 'ok' : String(code) });
      durations.observe({ command }, ms / 1000);
    },
    rest: ({ method, route = 'none', status }) => requests.add({ method, route, status: String(status) }),
  };
}
