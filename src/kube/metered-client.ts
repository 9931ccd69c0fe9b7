import type { Metrics } from '../process/metrics.ts';
import type { KubeClient } from './kube-client.ts';
import { KubeError } from './kube-error.ts';

/** What others use of a client. */
export type KubeRequests = Pick<KubeClient, 'ask' | 'stream'>;

/** The client, whose requests are counted by how they ended. */
export function meteredKube(client: KubeRequests, metrics: Metrics): KubeRequests {
  const requests = metrics.counter({
    name: 'coil_kubernetes_requests_total',
    help: 'Requests to the API server by the status of the answer: ok, an HTTP status, or none where there was no answer',
    labels: ['method', 'result'],
  });
  const counted = async <T>(method: string, answer: Promise<T>): Promise<T> => {
    try {
      const given = await answer;
      requests.add({ method, result: 'ok' });
      return given;
    } catch (error) {
      const status = error instanceof KubeError ? error.status : undefined;
      requests.add({ method, result: String(status ?? 'none') });
      throw error;
    }
  };
  return {
    ask: (request, signal) => counted(request.method, client.ask(request, signal)),
    stream: (request, signal) => counted(request.method, client.stream(request, signal)),
  };
}
