import { setTimeout as delay } from 'node:timers/promises';
import { inParallel } from './in-parallel.ts';
import type { KubeApi } from './kube-api.ts';
import type { KubeNode } from './kube-node.ts';
import type { PodObject } from './pod-object.ts';

const INTERVAL_MS = 500;
const AT_ONCE = 4;

/**
 * Does for Pods that are deleted what kubelet does at once since 1.22: removes their sandboxes that have ended, and tells
 * the API server that nothing is left of them. That of 1.20 does the first once a minute, and the second up to 10 s after
 * that; until then the Pod is there, and what is rolled out on two nodes takes minutes.
 */
export class SandboxSweeper implements AsyncDisposable {
  readonly #api: KubeApi;
  readonly #nodes: readonly KubeNode[];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** Sandboxes that were to be removed at the last look: whatever ends them has had the time to go on. */
  #seen: ReadonlySet<string> = new Set();
  /** UIDs of deleted Pods with sandboxes that have ended, or had: those that were never begun are kubelet's alone. */
  readonly #ended = new Set<string>();

  constructor(api: KubeApi, nodes: readonly KubeNode[]) {
    this.#api = api;
    this.#nodes = nodes;
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // the API server or a runtime may be down, which is what some scenarios are about
      await this.#sweep().catch(() => undefined);
      await delay(INTERVAL_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #sweep(): Promise<void> {
    const pods = await this.#api.list<PodObject>('/api/v1/pods');
    const isDeleted = ({ metadata }: PodObject) => metadata.deletionTimestamp !== undefined;
    const alive = new Set(pods.filter((pod) => !isDeleted(pod)).map(({ metadata }) => metadata.uid));
    const due = new Set<string>();
    for (const node of this.#nodes.filter(({ isOn }) => isOn)) {
      const sandboxes = await node.cri.listPodSandbox();
      const left = new Set(sandboxes.map(({ metadata }) => metadata.uid));
      const its = pods.filter((pod) => isDeleted(pod) && pod.spec.nodeName === node.name);
      const done = its.filter(({ metadata: { uid } }) => this.#ended.has(uid) && !left.has(uid));
      await inParallel(AT_ONCE, done, ({ metadata: { namespace, name, uid } }) =>
        this.#api.deleteNow(`/api/v1/namespaces/${namespace}/pods/${name}`, uid),
      );
      const ended = sandboxes.filter(({ state, metadata }) => state !== 'SANDBOX_READY' && !alive.has(metadata.uid));
      await inParallel(AT_ONCE, ended, async ({ id, metadata: { uid } }) => {
        due.add(id);
        this.#ended.add(uid);
        if (this.#seen.has(id)) await node.cri.removePodSandbox(id);
      });
    }
    this.#seen = due;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
