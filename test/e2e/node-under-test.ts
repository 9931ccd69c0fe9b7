import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, TestNetns } from '../kernel/kernel-fixture.ts';
import { type Built, built } from './built.ts';
import { CoildProcess } from './coild-process.ts';
import { createPool, type Datastore, dumpStore, type OpenDatastore } from './datastores.ts';
import { dumpKernel } from './kernel-state.ts';

const PROGRAM_MS = 20_000;
type Pool = readonly [name: string, subnets: string | readonly string[], blockSize: number];
const DEFAULT_POOL: Pool = ['default', '10.11.0.0/16', 8];

/** How a program ended. */
export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A node: a network namespace that forwards, a datastore with pool `default` (10.11.0.0/16, blocks of 256), and a real
 * coild, which is started by `startCoild`. Pods of the node go with it.
 */
export class NodeUnderTest implements AsyncDisposable {
  /** As coild is told it. */
  readonly name: string;
  readonly netns: TestNetns;
  readonly folder: string;
  readonly datastore: Datastore;
  readonly dist: Built;
  readonly #stack: AsyncDisposableStack;
  readonly #pods: TestNetns[] = [];
  #coild: CoildProcess | undefined;

  private constructor(
    parts: Pick<NodeUnderTest, 'name' | 'netns' | 'folder' | 'datastore' | 'dist'>,
    stack: AsyncDisposableStack,
  ) {
    this.name = parts.name;
    this.netns = parts.netns;
    this.folder = parts.folder;
    this.datastore = parts.datastore;
    this.dist = parts.dist;
    this.#stack = stack;
  }

  /** A node without a coild. */
  static async create(
    openDatastore: OpenDatastore,
    { name = 'node1', pools = [DEFAULT_POOL] }: { readonly name?: string; readonly pools?: readonly Pool[] } = {},
  ): Promise<NodeUnderTest> {
    const dist = await built();
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'ct-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const netns = stack.use(await TestNetns.create());
    await netns.ip('link set lo up');
    const forward = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'];
    await command('nsenter', `--net=${netns.path}`, 'sysctl', '--quiet', '--write', ...forward);
    const datastore = stack.use(await openDatastore({ netns: netns.path, folder }));
    for (const pool of pools) await createPool(datastore.store, ...pool);
    return new NodeUnderTest({ name, netns, folder, datastore, dist }, stack.move());
  }

  /** A node whose coild serves requests. */
  static async start(openDatastore: OpenDatastore, ...flags: readonly string[]): Promise<NodeUnderTest> {
    const node = await NodeUnderTest.create(openDatastore);
    try {
      await node.startCoild(...flags);
      return node;
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
  }

  get socket(): string {
    return join(this.folder, 'coild.sock');
  }

  get journal(): string {
    return join(this.folder, 'journal', 'journal.db');
  }

  get coild(): CoildProcess {
    if (this.#coild === undefined) throw new Error('coild was not started');
    return this.#coild;
  }

  /** The flags that coild is started with, `further` after them. */
  flags(...further: readonly string[]): readonly string[] {
    return [...this.datastore.flags, `--socket=${this.socket}`, `--journal=${this.journal}`, ...further];
  }

  async startCoild(...flags: readonly string[]): Promise<CoildProcess> {
    this.#coild = this.spawnCoild(flags);
    await this.#coild.logged('coild is listening');
    return this.#coild;
  }

  /** A further coild, which may end at once. */
  spawnCoild(
    flags: readonly string[],
    env: Readonly<Record<string, string>> = { COIL_NODE_NAME: this.name },
  ): CoildProcess {
    const command = { executable: this.dist.coild, netns: this.netns.path, flags: this.flags(...flags) };
    const coild = CoildProcess.spawn({ ...command, env });
    this.#stack.use(coild);
    return coild;
  }

  /** Ends a coild that somebody else started together with the node. */
  adopt(coild: CoildProcess): void {
    this.#stack.use(coild);
  }

  async addPod(): Promise<TestNetns> {
    const pod = this.#stack.use(await TestNetns.create());
    // as every runtime does
    await pod.ip('link set lo up');
    this.#pods.push(pod);
    return pod;
  }

  /** Deletes a Pod's namespace, and its links with it. */
  async removePod(pod: TestNetns): Promise<void> {
    this.#pods.splice(this.#pods.indexOf(pod), 1);
    await pod[Symbol.asyncDispose]();
  }

  /** Runs coilctl on the node. */
  async coilctl(...args: readonly string[]): Promise<Ended> {
    return await this.run(this.dist.coilctl, ...this.datastore.flags, ...args);
  }

  /** Runs a program in the node's namespace, with an empty environment, to its end. */
  run(program: string, ...args: readonly string[]): Promise<Ended> {
    const { promise, resolve } = Promise.withResolvers<Ended>();
    const options = { env: {}, timeout: PROGRAM_MS };
    execFile('/usr/bin/nsenter', [`--net=${this.netns.path}`, program, ...args], options, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
    return promise;
  }

  /** Everything: the datastore, and links, addresses and routes of the node and its Pods. */
  async dump(): Promise<object> {
    const kernel = await Promise.all([this.netns, ...this.#pods].map(async (n) => [n.name, await dumpKernel(n)]));
    return { store: await dumpStore(this.datastore.store), ...Object.fromEntries(kernel) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
