import { connectKube } from '../../src/kube/connect-kube.ts';
import type { KubeClient, KubeRequest } from '../../src/kube/kube-client.ts';
import { KubeError } from '../../src/kube/kube-error.ts';

const CALL_MS = 15_000;

/** Any object of Kubernetes, with the members that all have. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/** The API server, asked as one who may do everything. */
export class KubeApi implements Disposable {
  readonly #client: KubeClient;

  private constructor(client: KubeClient) {
    this.#client = client;
  }

  static async connect(kubeconfig: string): Promise<KubeApi> {
    return new KubeApi(await connectKube({ kubeconfig, env: {} }));
  }

  async isReady(): Promise<boolean> {
    const answer = await this.#client.stream({ method: 'GET', path: '/readyz' }, AbortSignal.timeout(CALL_MS));
    answer.resume();
    return answer.statusCode === 200;
  }

  async get<T extends KubeObject>(path: string): Promise<T> {
    return (await this.#ask({ method: 'GET', path })) as T;
  }

  async list<T extends KubeObject>(path: string, query: Readonly<Record<string, string>> = {}): Promise<readonly T[]> {
    return ((await this.#ask({ method: 'GET', path, query })) as { items: readonly T[] }).items;
  }

  async create(path: string, body: object): Promise<void> {
    await this.#ask({ method: 'POST', path, body });
  }

  /** A JSON merge patch (RFC 7396). */
  async merge(path: string, body: object): Promise<void> {
    const headers = { 'Content-Type': 'application/merge-patch+json' };
    await this.#ask({ method: 'PATCH', path, headers, body });
  }

  /** Begins the deletion, with that of all that it owns first; what is not there is deleted already. */
  delete(path: string): Promise<void> {
    return this.#delete(path, { propagationPolicy: 'Foreground' });
  }

  /** Deletes the object of that UID, whoever still works on it. */
  deleteNow(path: string, uid: string): Promise<void> {
    return this.#delete(path, { gracePeriodSeconds: 0, preconditions: { uid } });
  }

  async #delete(path: string, options: object): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...options };
    try {
      await this.#ask({ method: 'DELETE', path, body });
    } catch (error) {
      // with the name of one that is gone there may be another
      if (!KubeError.hasStatus(error, 404) && !KubeError.hasStatus(error, 409)) throw error;
    }
  }

  async #ask(request: KubeRequest): Promise<unknown> {
    return await this.#client.ask(request, AbortSignal.timeout(CALL_MS));
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}
