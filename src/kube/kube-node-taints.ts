import type { NodeTaints } from '../installer/node-taints.ts';
import { Backoff, type BackoffDeps } from '../process/backoff.ts';
import type { KubeClient } from './kube-client.ts';
import { KubeError } from './kube-error.ts';

/** With the waits between them up to half a minute, beside what requests take. */
const MAX_ATTEMPTS = 10;
const WAITS = { baseMs: 200, maxMs: 5000 };

interface Taint {
  readonly key: string;
}

/** A Node, whole: what is not known here goes back as it came. */
interface NodeObject {
  readonly spec?: { readonly taints?: readonly Taint[] };
}

/**
 * Taints of a Node at the API server. They are changed by reading the Node and updating it at the version that was
 * read, which is what v1's role lets the node's programs do (get and update, not patch).
 */
export class KubeNodeTaints implements NodeTaints {
  readonly #node: string;
  readonly #client: Pick<KubeClient, 'ask'>;
  readonly #backoffDeps: BackoffDeps;

  constructor(node: string, client: Pick<KubeClient, 'ask'>, backoffDeps: BackoffDeps = {}) {
    this.#node = node;
    this.#client = client;
    this.#backoffDeps = backoffDeps;
  }

  async find(keys: readonly string[], signal: AbortSignal): Promise<string[]> {
    return await this.#retrying('read', signal, async () => {
      const present = taintsOf(await this.#read(signal)).map(({ key }) => key);
      return keys.filter((key) => present.includes(key));
    });
  }

  async remove(keys: readonly string[], signal: AbortSignal): Promise<string[]> {
    const removed = new Set<string>(); // over all attempts: the answer to one that succeeded may have been lost
    await this.#retrying('remove', signal, async () => {
      const node = await this.#read(signal);
      const ours = taintsOf(node).filter(({ key }) => keys.includes(key));
      if (ours.length === 0) return;
      const taints = taintsOf(node).filter((taint) => !ours.includes(taint));
      for (const { key } of ours) removed.add(key);
      await this.#client.ask(
        { method: 'PUT', path: this.#path, body: { ...node, spec: { ...node.spec, taints } } },
        signal,
      );
    });
    return keys.filter((key) => removed.has(key));
  }

  get #path(): string {
    return `/api/v1/nodes/${encodeURIComponent(this.#node)}`;
  }

  async #read(signal: AbortSignal): Promise<NodeObject> {
    return (await this.#client.ask({ method: 'GET', path: this.#path }, signal)) as NodeObject;
  }

  async #retrying<T>(verb: 'read' | 'remove', signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    const backoff = new Backoff(WAITS, this.#backoffDeps);
    for (let attempts = 1; ; attempts++) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        if (attempts === MAX_ATTEMPTS || !mayPass(error))
          throw failure(`cannot ${verb} the taints of Node ${this.#node}`, error);
      }
      await backoff.wait(signal);
    }
  }
}

function taintsOf({ spec }: NodeObject): readonly Taint[] {
  return spec?.taints ?? [];
}

/** No answer, another's change at the same time, or an API server that has too much to do. */
function mayPass({ status }: KubeError): boolean {
  return status === undefined || status === 409 || status === 429 || status >= 500;
}

function failure(message: string, error: KubeError): KubeError {
  const advice = new Map([
    [403, ' (the ServiceAccount needs get and update of nodes)'],
    [404, ' (COIL_NODE_NAME takes the name of this Node)'],
  ]);
  const { status } = error;
  const told = `${message}${advice.get(status ?? 0) ?? ''}`;
  return new KubeError(told, { cause: error, ...(status !== undefined && { status }) });
}
