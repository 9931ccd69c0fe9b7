import { createHash } from 'node:crypto';
import type { CriClient, SandboxSpec } from './cri-client.ts';

const NAMESPACE = 'shop';

/** A Pod that runs. */
export interface Pod {
  readonly name: string;
  /** Of its sandbox. */
  readonly id: string;
  readonly ip: string;
  /** Of its sandbox's process, on its node. */
  readonly pid: number;
  /** What its link on the node must be called: v1 took Calico's naming, by which Calico finds it. */
  readonly hostIfname: string;
}

/** Runs Pods in a container runtime as kubelet does. */
export class Kubelet {
  readonly #cri: CriClient;
  readonly #cgroup: string;

  /** @param cgroup the parent of the Pods' cgroups */
  constructor(cri: CriClient, cgroup: string) {
    this.#cri = cri;
    this.#cgroup = cgroup;
  }

  async run(name: string, options: Partial<Pick<SandboxSpec, 'attempt' | 'portMappings'>> = {}): Promise<Pod> {
    const identity = { name, namespace: NAMESPACE, uid: `uid-of-${name}`, cgroupParent: this.#cgroup };
    const id = await this.#cri.runPodSandbox({ attempt: 0, portMappings: [], ...identity, ...options });
    const { ip, pid } = await this.#cri.podSandboxStatus(id);
    const digest = createHash('sha1').update(`${NAMESPACE}.${name}`).digest('hex');
    return { name, id, ip, pid, hostIfname: `veth${digest.slice(0, 11)}` };
  }

  async end({ id }: Pick<Pod, 'id'>): Promise<void> {
    await this.#cri.stopPodSandbox(id);
    await this.#cri.removePodSandbox(id);
  }

  /** Ends every sandbox that there is, such as what a failed start has left. */
  async endAll(): Promise<void> {
    for (const sandbox of await this.#cri.listPodSandbox()) await this.end(sandbox);
  }
}
