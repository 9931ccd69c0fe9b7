import type { Lease, LeaseClaim, LeaseStore } from '../controller/lease-store.ts';
import type { KubeClient } from './kube-client.ts';
import { KubeError } from './kube-error.ts';

/** coordination.k8s.io/v1 Lease. */
interface LeaseObject {
  readonly metadata: { readonly resourceVersion?: string; readonly [member: string]: unknown };
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number | null;
    readonly acquireTime?: string | null;
    readonly renewTime?: string | null;
    readonly leaseTransitions?: number | null;
  };
}

export interface KubeLeaseStoreOptions {
  readonly namespace: string;
  readonly name: string;
}

/** A Lease of Kubernetes; every change of it compares what it was made from. */
export class KubeLeaseStore implements LeaseStore {
  readonly #options: KubeLeaseStoreOptions;
  readonly #client: Pick<KubeClient, 'ask'>;
  readonly #folder: string;
  readonly #path: string;

  constructor(options: KubeLeaseStoreOptions, { client }: { readonly client: Pick<KubeClient, 'ask'> }) {
    this.#options = options;
    this.#client = client;
    this.#folder = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(options.namespace)}/leases`;
    this.#path = `${this.#folder}/${encodeURIComponent(options.name)}`;
  }

  async read(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      return fromObject((await this.#client.ask({ method: 'GET', path: this.#path }, signal)) as LeaseObject);
    } catch (error) {
      if (KubeError.hasStatus(error, 404)) return undefined;
      throw error;
    }
  }

  async create(claim: LeaseClaim, signal: AbortSignal): Promise<boolean> {
    return await this.#change({ method: 'POST', path: this.#folder, body: this.#object(claim, {}) }, signal);
  }

  async replace(version: string, claim: LeaseClaim, signal: AbortSignal): Promise<boolean> {
    const body = this.#object(claim, { resourceVersion: version });
    return await this.#change({ method: 'PUT', path: this.#path, body }, signal);
  }

  async #change(request: Parameters<KubeClient['ask']>[0], signal: AbortSignal): Promise<boolean> {
    try {
      await this.#client.ask(request, signal);
      return true;
    } catch (error) {
      // 409: somebody else created or changed it; 404 for PUT: somebody deleted it. A POST that finds no namespace says
      // 404 too, which is no race but a mistake
      if (KubeError.hasStatus(error, 409) || (request.method === 'PUT' && KubeError.hasStatus(error, 404)))
        return false;
      throw error;
    }
  }

  #object(claim: LeaseClaim, metadata: { readonly resourceVersion?: string }): LeaseObject & { readonly kind: string } {
    const { namespace, name } = this.#options;
    return {
      ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
      metadata: { name, namespace, ...metadata },
      spec: {
        holderIdentity: claim.holder,
        leaseDurationSeconds: claim.durationSeconds,
        acquireTime: microTime(claim.acquiredAt),
        renewTime: microTime(claim.renewedAt),
        leaseTransitions: claim.transitions,
      },
    };
  }
}

function fromObject({ metadata, spec = {} }: LeaseObject): Lease {
  return {
    holder: spec.holderIdentity ?? '',
    durationSeconds: spec.leaseDurationSeconds ?? 0,
    acquiredAt: readTime(spec.acquireTime),
    renewedAt: readTime(spec.renewTime),
    transitions: spec.leaseTransitions ?? 0,
    version: metadata.resourceVersion ?? '',
  };
}

function readTime(text: string | null | undefined): Date {
  const time = new Date(text ?? 0);
  return Number.isNaN(time.getTime()) ? new Date(0) : time;
}

/** metav1.MicroTime: exactly six digits of a fraction. */
function microTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
