import { CoilError } from '../model/error.ts';
import { errorText } from '../process/error-text.ts';
import type { EtcdConfig } from '../store/etcd/etcd-config.ts';

/** Gives the `HOST:PORT`s of the Endpoints object `kube-system/NAME`. */
export type LookUpEndpoints = (name: string, signal: AbortSignal) => Promise<readonly string[]>;

/**
 * The configuration with URLs in place of `@NAME`, where that is the only endpoint; any other is given back as it is.
 * The URLs are https where a CA or a certificate is configured. By default the API server is asked, as the service
 * account of the Pod that this is.
 * @throws {CoilError} invalid-argument where this is no Pod; store-unavailable where the API server does not answer, or
 * refuses, or knows no ready address of the object
 */
export async function resolveEtcdEndpoints(
  config: EtcdConfig,
  signal: AbortSignal,
  lookUp: LookUpEndpoints = askApiServer,
): Promise<EtcdConfig> {
  const [first, ...others] = config.endpoints;
  if (first === undefined || others.length > 0 || !first.startsWith('@')) return config;
  const scheme = config.tlsCa !== undefined || config.tlsCert !== undefined ? 'https' : 'http';
  const hosts = await lookUp(first.slice(1), signal).catch((cause: unknown) => {
    signal.throwIfAborted();
    if (CoilError.is(cause)) throw cause;
    const message = `Kubernetes does not tell what etcd's endpoints ${first} stand for: ${errorText(cause)}`;
    throw new CoilError('store-unavailable', message, { cause });
  });
  return { ...config, endpoints: hosts.map((host) => `${scheme}://${host}`) };
}

/** Loaded only now: the Kubernetes client costs 80 MB. */
async function askApiServer(name: string, signal: AbortSignal): Promise<readonly string[]> {
  const { resolveEndpoints } = await import('../kube/resolve-endpoints.ts');
  return await resolveEndpoints(name, { kubeconfig: undefined, env: process.env }, signal);
}
