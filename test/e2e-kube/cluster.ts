import { mkdir } from 'node:fs/promises';
import { EtcdIpamStore } from '../../src/store/etcd/etcd-ipam-store.ts';
import { eventually } from '../e2e/eventually.ts';
import { compilePause } from '../e2e/image.ts';
import { nodeAddress } from './addresses.ts';
import { ControlPlane, ETCD_URL } from './control-plane.ts';
import { type Credentials, issueCredentials } from './credentials.ts';
import { compilePod, writeCoilImage, writePodImage } from './images.ts';
import { installCoil } from './installation.ts';
import type { KubeApi } from './kube-api.ts';
import { KubeNode } from './kube-node.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';
import { BRIDGE, setUpNetwork } from './network.ts';
import { isReady, isTainted, type NodeObject } from './node-object.ts';
import { SandboxSweeper } from './sandbox-sweeper.ts';

const NODES = [1, 2];
const READY_MS = 120_000;
/** Pools by their names: subnet, and binary logarithm of the size of a block. */
export const POOLS = { default: ['10.11.0.0/16', 4], dmz: ['10.12.0.0/24', 3] } as const;

export interface ClusterOptions {
  /** Where everything is kept but the logs; it goes with this process's mounts. */
  readonly folder: string;
  readonly logs: string;
  /** The parent of all cgroups: `/ct-x`. */
  readonly cgroup: string;
  /** Told what is being done. */
  readonly progress: (text: string) => void;
}

/** A Kubernetes cluster with Coil in it, in this process's namespaces, which are to be its own. */
export class Cluster implements AsyncDisposable {
  readonly options: ClusterOptions;
  readonly plane: ControlPlane;
  readonly nodes: readonly KubeNode[];
  readonly credentials: Credentials;
  readonly kubectl: Kubectl;
  /** A way of the tests' own to Coil's state. */
  readonly store: EtcdIpamStore;
  /** Path of what serves in Pods. */
  readonly podProgram: string;
  readonly #sweeper: SandboxSweeper;

  private constructor(options: ClusterOptions, parts: Pick<Cluster, 'plane' | 'nodes' | 'credentials' | 'podProgram'>) {
    this.options = options;
    this.plane = parts.plane;
    this.nodes = parts.nodes;
    this.credentials = parts.credentials;
    this.podProgram = parts.podProgram;
    this.#sweeper = new SandboxSweeper(parts.plane.api, parts.nodes);
    this.kubectl = createKubectl(parts.credentials.admin);
    const { ca, etcdClient } = parts.credentials;
    this.store = new EtcdIpamStore({
      endpoints: [ETCD_URL],
      tlsCa: ca,
      tlsCert: etcdClient.cert,
      tlsKey: etcdClient.key,
    });
  }

  get api(): KubeApi {
    return this.plane.api;
  }

  /** The node of that name. */
  node(name: string): KubeNode {
    const found = this.nodes.find((node) => node.name === name);
    if (!found) throw new Error(`there is no node ${name}`);
    return found;
  }

  /** All but Coil. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const { folder, logs, cgroup, progress } = options;
    await mkdir(folder, { recursive: true });
    await mkdir(logs, { recursive: true });
    const [pause, podProgram] = await Promise.all([compilePause(), compilePod()]);
    await setUpNetwork(folder, logs, NODES.map(nodeAddress));
    const credentials = await issueCredentials(
      folder,
      NODES.map((index) => `node${index}`),
    );
    progress('etcd and the API server');
    const starting = ControlPlane.start({ folder, logs, credentials });
    const images = [await writePodImage(folder, { pause, pod: podProgram }), await writeCoilImage(folder)];
    const plane = await starting;
    progress('two nodes');
    const nodes = await Promise.all(
      NODES.map((index) => {
        const common = { folder, logs, credentials, pause, bridge: BRIDGE };
        return KubeNode.create({ index, cgroup: `${cgroup}/node${index}`, ...common }, images);
      }),
    );
    await Promise.all(nodes.map((node) => node.startKubelet()));
    return new Cluster(options, { plane, nodes, credentials, podProgram });
  }

  /** Installs Coil, makes its pools as README.md says, and waits until the nodes are ready. */
  async install(): Promise<void> {
    const { kubectl, credentials } = this;
    const waiting = async () => (await this.listNodes()).filter(isTainted).length === this.nodes.length;
    await eventually('all nodes are registered, and tainted', waiting, READY_MS);
    this.options.progress('Coil');
    await installCoil({ credentials, kubectl });
    for (const [name, [subnet, size]] of Object.entries(POOLS)) await this.#createPool(name, subnet, size);
    await this.untilReady();
  }

  /** Waits until every node is ready, and Coil runs on it. */
  async untilReady(): Promise<void> {
    const ready = async () => (await this.listNodes()).filter(isReady).length === this.nodes.length;
    await eventually('all nodes are ready', ready, READY_MS);
    for (const workload of ['daemonset/coil-node', 'deployment/coil-controllers'])
      await this.kubectl(['-n', 'kube-system', 'rollout', 'status', workload, `--timeout=${READY_MS / 1000}s`]);
  }

  listNodes(): Promise<readonly NodeObject[]> {
    return this.api.list<NodeObject>('/api/v1/nodes');
  }

  /** By the way that README.md has for it. The controllers may not run yet. */
  async #createPool(name: string, subnet: string, size: number): Promise<void> {
    const args = ['coilctl', 'pool', 'create', name, subnet, String(size)];
    const create = () => this.kubectl(['-n', 'kube-system', 'exec', 'deploy/coil-controllers', '--', ...args]);
    await eventually(`the pool ${name} is there`, async () => (await create()) !== undefined, READY_MS);
  }

  /** Lets go of it. Its processes go with the namespaces that it was made in. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sweeper[Symbol.asyncDispose]();
    for (const node of this.nodes) node[Symbol.dispose]();
    this.plane[Symbol.dispose]();
    await this.store[Symbol.asyncDispose]();
  }
}
