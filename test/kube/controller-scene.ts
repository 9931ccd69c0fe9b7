import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { KubeError } from '../../src/kube/kube-error.ts';
import { AddressPool } from '../../src/model/address-pool.ts';
import { IpAddress } from '../../src/model/ip-address.ts';
import { IpPrefix } from '../../src/model/ip-prefix.ts';
import type { AddressRecord, IpamStore, PoolBlock } from '../../src/store/ipam-store.ts';
import { EtcdFixture } from '../etcd/etcd-fixture.ts';
import { freePort } from '../etcd/free-port.ts';
import { type ApiServer, CONTROLLER_USER } from './api-server.ts';
import { ControllerProcess } from './controller-process.ts';
import { controllerRoles } from './controller-roles.ts';

const REQUEST_MS = 10_000;
const ROOT = resolve(import.meta.dirname, '../..');
const SOURCES = [process.execPath, join(ROOT, 'src/programs/hypercoil.ts'), 'coil-controller'];

export interface PodSpec {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly phase?: 'Running' | 'Succeeded';
  readonly hostNetwork?: boolean;
}

export interface ControllerSettings {
  /** What to run, and its first arguments; by default coil-controller from its sources. */
  readonly program?: readonly string[];
  readonly flags?: readonly string[];
  /** Of the API server, or of what stands before it. */
  readonly port?: number;
  /** How it is let in; by default as an administrator is. */
  readonly as?: 'administrator' | 'pod';
}

/** A running controller, and where its health is to be asked. */
export interface RunningController {
  readonly process: ControllerProcess;
  readonly health: string;
}

/** Nodes, Pods, a namespace for the Lease and a datastore with the pool 10.20.0.0/24, for one test. */
export class ControllerScene implements AsyncDisposable {
  /** Differs from scene to scene, as the names of its nodes do. */
  readonly namespace = `coil-${randomBytes(4).toString('hex')}`;
  readonly store: IpamStore;
  readonly #server: ApiServer;
  readonly #fixture: EtcdFixture;
  readonly #cleanups = new AsyncDisposableStack();

  private constructor(server: ApiServer, fixture: EtcdFixture, store: IpamStore) {
    this.#server = server;
    this.#fixture = fixture;
    this.store = store;
    this.#cleanups.use(fixture);
  }

  static async create(server: ApiServer): Promise<ControllerScene> {
    const fixture = new EtcdFixture(server.etcd);
    const store = await fixture.open();
    const scene = new ControllerScene(server, fixture, store);
    const pool = new AddressPool([IpPrefix.parse('10.20.0.0/24'), IpPrefix.parse('fd20::/120')], 4);
    await store.createPool('default', pool, until());
    await scene.#create('/api/v1/namespaces', { metadata: { name: scene.namespace } });
    for (const { path, object } of await controllerRoles(scene.namespace, CONTROLLER_USER))
      await scene.#create(path, object);
    return scene;
  }

  /** The name of a node in this scene. */
  node(name: string): string {
    return `${name}-${this.namespace}`;
  }

  async addNode(name: string): Promise<void> {
    await this.#create('/api/v1/nodes', { metadata: { name: this.node(name) } });
    this.#cleanups.defer(() => this.deleteNode(name));
  }

  /** Nothing where it is gone. */
  async deleteNode(name: string): Promise<void> {
    await this.delete(`/api/v1/nodes/${this.node(name)}`);
  }

  async addPod({ name, addresses, phase = 'Running', hostNetwork = false }: PodSpec): Promise<void> {
    const path = `/api/v1/namespaces/${this.namespace}/pods`;
    const spec = { nodeName: this.node('node1'), hostNetwork, containers: [{ name: 'main', image: 'none' }] };
    await this.#create(path, { metadata: { name }, spec });
    this.#cleanups.defer(() => this.delete(`${path}/${name}`));
    const status = { phase, podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) };
    const headers = { 'Content-Type': 'application/merge-patch+json' };
    await this.#admin.ask({ method: 'PATCH', path: `${path}/${name}/status`, body: { status }, headers }, until());
  }

  /** Has a node own one block more. */
  async acquireBlock(node: string, family: 4 | 6 = 4): Promise<PoolBlock> {
    return await this.store.acquireBlock({ node: this.node(node), pool: 'default', family }, until());
  }

  /** Has an address assigned to a Pod of this scene's namespace. */
  async assign(node: string, text: string, pod: string, createdAt = new Date().toISOString()): Promise<AddressRecord> {
    const address = IpAddress.parse(text);
    const blocks = await this.store.listNodeBlocks(this.node(node), until());
    const block = blocks.find((one) => one.block.contains(address))!.block;
    const slot = { block, offset: Number(block.offsetOf(address)) };
    const assignment = { containerId: `container-of-${pod}`, namespace: this.namespace, pod, createdAt };
    const outcome = await this.store.allocate({ node: this.node(node), slots: [slot], assignment }, until());
    if (outcome.outcome !== 'allocated') throw new Error(`${text} is ${outcome.outcome}`);
    return outcome.records[0]!;
  }

  async blocksOf(node: string): Promise<string[]> {
    return (await this.store.listNodeBlocks(this.node(node), until())).map(({ block }) => String(block));
  }

  /** Starts a controller with short times, as a user that may do only what is documented. */
  async start(settings: ControllerSettings = {}): Promise<RunningController> {
    const { program = SOURCES, flags = [], port = this.#server.port, as = 'administrator' } = settings;
    const healthPort = await freePort();
    const command = as === 'pod' ? [...this.#server.asPod(), ...program] : program;
    const access = as === 'pod' ? [] : [`--kubeconfig=${await this.#server.kubeconfig({ port })}`];
    const running = ControllerProcess.spawn(command, [
      ...access,
      `--namespace=${this.namespace}`,
      `--health=127.0.0.1:${healthPort}`,
      `--etcd-endpoints=${this.#fixture.url}`,
      `--etcd-prefix=${this.#fixture.prefix}`,
      '--node-grace=200ms',
      ...flags,
    ]);
    this.#cleanups.use(running);
    return { process: running, health: `http://127.0.0.1:${healthPort}` };
  }

  async delete(path: string): Promise<void> {
    try {
      await this.#admin.ask({ method: 'DELETE', path, query: { gracePeriodSeconds: '0' } }, until());
    } catch (error) {
      if (!KubeError.hasStatus(error, 404)) throw error;
    }
  }

  get #admin(): KubeClient {
    return this.#server.admin;
  }

  async #create(path: string, body: unknown): Promise<void> {
    await this.#admin.ask({ method: 'POST', path, body }, until());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanups.disposeAsync();
  }
}

function until(): AbortSignal {
  return AbortSignal.timeout(REQUEST_MS);
}
