import type { PodAddresses, PodSource } from '../controller/pod-source.ts';
import type { KubeClient } from './kube-client.ts';
import { listObjects } from './object-list.ts';

/** Of core/v1 Pod, what tells about its addresses. */
interface PodObject {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly deletionTimestamp?: string };
  readonly spec?: { readonly nodeName?: string; readonly hostNetwork?: boolean };
  readonly status?: {
    readonly phase?: string;
    /** The first of `podIPs`; the only one where the cluster is older than dual-stack. */
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip?: string }[] | null;
  };
}

/** Pods, asked for anew each time. */
export class KubePodSource implements PodSource {
  readonly #client: Pick<KubeClient, 'ask'>;

  constructor({ client }: { readonly client: Pick<KubeClient, 'ask'> }) {
    this.#client = client;
  }

  async *listPods(signal: AbortSignal): AsyncGenerator<PodAddresses, void, undefined> {
    const pages = listObjects<PodObject>(this.#client, { path: '/api/v1/pods' }, signal);
    for await (const { items } of pages) for (const item of items) yield read(item);
  }

  async findPod(namespace: string, name: string, signal: AbortSignal): Promise<PodAddresses | undefined> {
    // a list of one, which takes no further permission
    const request = {
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
      query: { fieldSelector: `metadata.name=${name}` },
    };
    for await (const { items } of listObjects<PodObject>(this.#client, request, signal)) {
      const found = items.find(({ metadata }) => metadata.name === name);
      if (found) return read(found);
    }
    return undefined;
  }
}

function read({ metadata, spec = {}, status = {} }: PodObject): PodAddresses {
  const { phase, podIP, podIPs } = status;
  const addresses = [podIP, ...(podIPs ?? []).map(({ ip }) => ip)].filter((ip) => ip !== undefined && ip !== '');
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    node: spec.nodeName ?? '',
    addresses: [...new Set(addresses as string[])],
    hostNetwork: spec.hostNetwork === true,
    finished: phase === 'Succeeded' || phase === 'Failed',
    terminating: metadata.deletionTimestamp !== undefined,
  };
}
