import type { PodUidSource } from '../ipam/pod-uid-source.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { KubePodUids } from '../kube/kube-pod-uids.ts';
import type { ProgramIo } from '../process/program.ts';

/** UIDs of Pods from the API server, whose client is loaded when it is first asked: it takes 80 MB. */
export class LazyPodUids implements PodUidSource, Disposable {
  readonly #env: ProgramIo['env'];
  #opened: { readonly client: KubeClient; readonly uids: KubePodUids } | undefined;

  /** @param env of the process, which tells a Pod its API server, or names a file that does (KUBECONFIG) */
  constructor(env: ProgramIo['env']) {
    this.#env = env;
  }

  /** @throws {CoilError} invalid-argument where nothing tells how to reach the API server; {KubeError} */
  async uidsOf(namespace: string, pod: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    this.#opened ??= await this.#open();
    return await this.#opened.uids.uidsOf(namespace, pod, signal);
  }

  async #open() {
    const [{ connectKube }, { KubePodUids }] = await Promise.all([
      import('../kube/connect-kube.ts'),
      import('../kube/kube-pod-uids.ts'),
    ]);
    const client = await connectKube({ kubeconfig: this.#env.KUBECONFIG || undefined, env: this.#env });
    return { client, uids: new KubePodUids({ client }) };
  }

  [Symbol.dispose](): void {
    this.#opened?.client[Symbol.dispose]();
  }
}
