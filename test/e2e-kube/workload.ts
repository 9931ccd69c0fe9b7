import { eventually } from '../e2e/eventually.ts';
import { POD_IMAGE } from './images.ts';
import type { KubeApi } from './kube-api.ts';
import { type PodObject, type RunningPod, runningPod } from './pod-object.ts';

/** Of what serves in each Pod; it answers with the Pod's name. */
export const POD_PORT = 8080;
const NODE_LABEL = 'kubernetes.io/hostname';
const KINDS = { Deployment: 'deployments', StatefulSet: 'statefulsets' } as const;

export interface WorkloadOptions {
  readonly kind?: keyof typeof KINDS;
  readonly name: string;
  readonly namespace?: string;
  readonly replicas: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** On the node's own addresses. */
  readonly hostPort?: number;
  /** The only node for its Pods. */
  readonly node?: string;
  /** Whether every node gets as many of its Pods; else the scheduler may put all on one. */
  readonly isSpread?: boolean;
}

/** A Deployment or StatefulSet of Pods that answer on a port. */
export class Workload {
  readonly name: string;
  readonly namespace: string;
  readonly #api: KubeApi;
  readonly #path: string;
  #replicas: number;

  private constructor(api: KubeApi, options: WorkloadOptions) {
    const { kind = 'Deployment', name, namespace = 'default', replicas } = options;
    this.name = name;
    this.namespace = namespace;
    this.#replicas = replicas;
    this.#api = api;
    this.#path = `${workloadsPath(kind, namespace)}/${name}`;
  }

  /** Creates it; its Pods come after that. */
  static async create(api: KubeApi, options: WorkloadOptions): Promise<Workload> {
    const workload = new Workload(api, options);
    await api.create(workloadsPath(options.kind ?? 'Deployment', workload.namespace), manifest(options));
    return workload;
  }

  /** Its Pods, whatever becomes of them. */
  async pods(): Promise<readonly PodObject[]> {
    const query = { labelSelector: `app=${this.name}` };
    return await this.#api.list<PodObject>(`/api/v1/namespaces/${this.namespace}/pods`, query);
  }

  /** Those that run. */
  async running(): Promise<readonly RunningPod[]> {
    return (await this.pods()).flatMap((pod) => runningPod(pod) ?? []);
  }

  /** Waits until all replicas run, and no other Pods of it are left. */
  async untilRunning(ms = 120_000): Promise<readonly RunningPod[]> {
    let state = '';
    const ready = async () => {
      const pods = await this.pods();
      const running = pods.flatMap((pod) => runningPod(pod) ?? []);
      state = `${running.length} of ${pods.length}`;
      return running.length === this.#replicas && pods.length === this.#replicas && running;
    };
    return await eventually(`${this.#replicas} Pods of ${this.name} run`, ready, ms).catch((cause: unknown) => {
      throw new Error(`within ${ms / 1000} s, ${state} Pods of ${this.name} ran, not ${this.#replicas}`, { cause });
    });
  }

  async scale(replicas: number): Promise<void> {
    this.#replicas = replicas;
    await this.#api.merge(this.#path, { spec: { replicas } });
  }

  /** Whether its Pods may be on any node, or on one only. */
  async place(node: string | null): Promise<void> {
    const nodeSelector = { [NODE_LABEL]: node };
    await this.#api.merge(this.#path, { spec: { template: { spec: { nodeSelector } } } });
  }

  deletePod({ name }: Pick<RunningPod, 'name'>): Promise<void> {
    return this.#api.delete(`/api/v1/namespaces/${this.namespace}/pods/${name}`);
  }

  /** Begins to delete it and its Pods. */
  async beginDelete(): Promise<void> {
    await this.#api.delete(this.#path);
  }

  /** Deletes it, and waits until none of its Pods is left. */
  async delete(ms = 120_000): Promise<void> {
    await this.beginDelete();
    await eventually(`no Pod of ${this.name} is left`, async () => (await this.pods()).length === 0, ms);
  }
}

function workloadsPath(kind: keyof typeof KINDS, namespace: string): string {
  return `/apis/apps/v1/namespaces/${namespace}/${KINDS[kind]}`;
}

function manifest(options: WorkloadOptions): object {
  const { kind = 'Deployment', name, replicas, annotations, hostPort, node, isSpread } = options;
  const labels = { app: name };
  const spec = {
    replicas,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels, ...(annotations && { annotations }) },
      spec: {
        ...{ automountServiceAccountToken: false, enableServiceLinks: false },
        ...(node !== undefined && { nodeSelector: { [NODE_LABEL]: node } }),
        ...(isSpread && { topologySpreadConstraints: [evenly(labels)] }),
        containers: [container(hostPort)],
      },
    },
    ...(kind === 'StatefulSet' && { serviceName: name, podManagementPolicy: 'Parallel' }),
  };
  return { apiVersion: 'apps/v1', kind, metadata: { name }, spec };
}

function evenly(matchLabels: Readonly<Record<string, string>>): object {
  const [maxSkew, topologyKey, whenUnsatisfiable] = [1, NODE_LABEL, 'DoNotSchedule'];
  return { maxSkew, topologyKey, whenUnsatisfiable, labelSelector: { matchLabels } };
}

function container(hostPort: number | undefined): object {
  return {
    name: 'pod',
    image: POD_IMAGE,
    imagePullPolicy: 'Never',
    command: ['/pod', 'serve', '$(POD_NAME)'],
    env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    ports: [{ containerPort: POD_PORT, ...(hostPort !== undefined && { hostPort }) }],
  };
}
