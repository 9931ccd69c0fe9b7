import type { PodUidSource } from '../ipam/pod-uid-source.ts';
import type { KubeClient } from './kube-client.ts';
import { KubeError } from './kube-error.ts';
import { listObjects } from './object-list.ts';

/** Of core/v1 Pod, what identifies it. */
interface PodObject {
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** A static Pod runs by the hash of its manifest; what the API server has is its image, which names that. */
const STATIC_UIDS = ['kubernetes.io/config.mirror', 'kubernetes.io/config.hash'] as const;

/** Pods' UIDs, from the API server: neither their status, which lags, nor the name of their node says anything. */
export class KubePodUids implements PodUidSource {
  readonly #client: Pick<KubeClient, 'ask'>;

  constructor({ client }: { readonly client: Pick<KubeClient, 'ask'> }) {
    this.#client = client;
  }

  /** @throws {KubeError} */
  async uidsOf(namespace: string, pod: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    // a list, as the cluster has it now: that there is none is said by an empty one, and not by just any server's 404
    const request = {
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
      query: { fieldSelector: `metadata.name=${pod}` },
    };
    const uids = new Set<string>();
    for await (const { items } of listObjects<PodObject>(this.#client, request, signal)) {
      for (const { metadata } of items) {
        if (metadata.name !== pod) continue;
        if (!metadata.uid) throw new KubeError(`Pod ${namespace}/${pod} was given without a UID`);
        uids.add(metadata.uid);
        for (const key of STATIC_UIDS) if (metadata.annotations?.[key]) uids.add(metadata.annotations[key]);
      }
    }
    return uids;
  }
}
