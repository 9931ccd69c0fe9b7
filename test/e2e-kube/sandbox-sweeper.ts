import { setTimeout as delay } from 'node:timers/promises';
import type { KubeApi } from './kube-api.ts';
import type { KubeNode } from './kube-node.ts';
import type { PodObject } from './pod-object.ts';

const INTERVAL_MS = 500;

/**
 * Removes sandboxes that have ended of Pods that are deleted, as kubelet does at once since 1.21. That of 1.20 does so
 * once a minute, and a Pod is not gone before: what is rolled out on two nodes takes minutes then.
 */
export class SandboxSweeper implements AsyncDisposable {
  readonly #api: KubeApi;
  readonly #nodes: readonly KubeNode[];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** Those that were to be removed at the last look: whatever ends them has had the time to go on. */
  #seen: ReadonlySet<string> = new Set();

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
    const alive = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const uids = new Set(alive.map(({ metadata }) => metadata.uid));
    const due = new Set<string>();
    for (const node of this.#nodes) {
      if (!node.isOn) continue;
      for (const { id, state, metadata } of await node.cri.listPodSandbox()) {
        if (state === 'SANDBOX_READY' || uids.has(metadata.uid)) continue;
        due.add(id);
        if (this.#seen.has(id)) await node.cri.removePodSandbox(id);
      }
    }
    this.#seen = due;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
