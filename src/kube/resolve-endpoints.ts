import { CoilError } from '../model/error.ts';
import { connectKube, type KubeOptions } from './connect-kube.ts';
import type { KubeClient } from './kube-client.ts';
import { KubeError } from './kube-error.ts';
import { listObjects } from './object-list.ts';

/** Where v1 looks. */
const NAMESPACE = 'kube-system';

interface Port {
  readonly port?: number | null;
}

/** core/v1 Endpoints. */
interface EndpointsObject {
  readonly subsets?: readonly {
    readonly addresses?: readonly { readonly ip: string }[];
    readonly ports?: readonly Port[];
  }[];
}

/** discovery.k8s.io/v1 EndpointSlice. */
interface SliceObject {
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean | null };
  }[];
  readonly ports?: readonly Port[];
}

/**
 * What `--etcd-endpoints=@NAME` stands for: every ready address with every port of the Endpoints kube-system/NAME, or,
 * where these are gone, of the EndpointSlices of the Service of that name. Gives `HOST:PORT` each, without a scheme.
 * @throws {CoilError} store-unavailable where there are none (yet); invalid-argument where it is not known how to reach
 * the API server
 * @throws {KubeError}
 */
export async function resolveEndpoints(name: string, options: KubeOptions, signal: AbortSignal): Promise<string[]> {
  using client = await connectKube(options);
  return await readEndpoints(client, name, signal);
}

/** As `resolveEndpoints`, with a client that is there. */
export async function readEndpoints(
  client: Pick<KubeClient, 'ask'>,
  name: string,
  signal: AbortSignal,
): Promise<string[]> {
  const found = (await fromEndpoints(client, name, signal)) ?? (await fromSlices(client, name, signal));
  if (found.length > 0) return [...new Set(found)];
  throw new CoilError(
    'store-unavailable',
    `the Endpoints ${NAMESPACE}/${name} have no ready address with a port: 'kubectl -n ${NAMESPACE} get endpoints ${name}' shows them`,
  );
}

async function fromEndpoints(
  client: Pick<KubeClient, 'ask'>,
  name: string,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const path = `/api/v1/namespaces/${NAMESPACE}/endpoints/${encodeURIComponent(name)}`;
  try {
    const { subsets = [] } = (await client.ask({ method: 'GET', path }, signal)) as EndpointsObject;
    return subsets.flatMap(({ addresses = [], ports = [] }) =>
      combine(
        addresses.map(({ ip }) => ip),
        ports,
      ),
    );
  } catch (error) {
    if (KubeError.hasStatus(error, 404)) return undefined;
    throw error;
  }
}

async function fromSlices(client: Pick<KubeClient, 'ask'>, name: string, signal: AbortSignal): Promise<string[]> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`;
  const query = { labelSelector: `kubernetes.io/service-name=${name}` };
  const found: string[] = [];
  try {
    for await (const { items } of listObjects<SliceObject>(client, { path, query }, signal)) {
      for (const { endpoints = [], ports = [] } of items) {
        const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
        found.push(...ready.flatMap(({ addresses }) => combine(addresses, ports)));
      }
    }
  } catch (error) {
    // before Kubernetes 1.21 there were none
    if (!KubeError.hasStatus(error, 404)) throw error;
  }
  return found;
}

function combine(addresses: readonly string[], ports: readonly Port[]): string[] {
  const numbers = ports.map(({ port }) => port).filter((port) => port !== undefined && port !== null);
  return addresses.flatMap((ip) => numbers.map((port) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)));
}
