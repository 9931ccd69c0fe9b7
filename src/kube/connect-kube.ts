import { CoilError } from '../model/error.ts';
import { KubeClient } from './kube-client.ts';

export interface KubeOptions {
  /** Files as in KUBECONFIG; undefined for the service account of the Pod that this is. */
  readonly kubeconfig: string | undefined;
  /** The environment that a Pod is told its API server by. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * A client of the API server; nothing is connected yet. Loads the Kubernetes client, which costs 80 MB, only now.
 * @throws {CoilError} invalid-argument where it cannot be known how to reach the API server
 */
export async function connectKube({ kubeconfig, env }: KubeOptions): Promise<KubeClient> {
  if (kubeconfig === undefined && !env.KUBERNETES_SERVICE_HOST) {
    throw new CoilError(
      'invalid-argument',
      '--kubeconfig is needed outside of a Pod (or KUBECONFIG in the environment): nothing tells where the API server is',
    );
  }
  const { readKubeConfig } = await import('./kube-config.ts');
  return new KubeClient(readKubeConfig(kubeconfig));
}
