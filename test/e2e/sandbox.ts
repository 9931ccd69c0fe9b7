import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { hostIfname } from '../../src/podnet/host-ifname.ts';
import type { CniClient } from '../contract/cni-client.ts';
import type { TestNetns } from '../kernel/kernel-fixture.ts';
import type { NodeUnderTest } from './node-under-test.ts';

/** The result of an ADD. */
export interface CniResult {
  readonly cniVersion: string;
  readonly interfaces: readonly { readonly name: string; readonly sandbox?: string }[];
  readonly ips: readonly { readonly address: string; readonly interface: number }[];
}

/** What differs from a runtime's usual call; a variable that is undefined is not set. */
export interface CallOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Members of the network configuration, or standard input as it is. */
  readonly netconf?: Readonly<Record<string, unknown>> | string;
}

export interface CallOutcome {
  readonly exitStatus: number;
  readonly stdout: string;
}

type SandboxParts = Pick<Sandbox, 'node' | 'netns' | 'namespace' | 'pod' | 'containerId'>;

/** A Pod's sandbox, as a container runtime makes it, and the calls of the plugin for it. */
export class Sandbox {
  readonly containerId: string;
  readonly node: NodeUnderTest;
  readonly netns: TestNetns;
  readonly namespace: string;
  readonly pod: string;
  readonly #client: CniClient;
  /** That there was an ADD for. */
  readonly #ifnames = new Set<string>();

  private constructor({ node, netns, namespace, pod, containerId }: SandboxParts, client: CniClient) {
    this.node = node;
    this.netns = netns;
    this.namespace = namespace;
    this.pod = pod;
    this.containerId = containerId;
    this.#client = client;
  }

  /** By default, that of a new Pod. */
  static async create(node: NodeUnderTest, client: CniClient, name: Partial<SandboxParts> = {}): Promise<Sandbox> {
    const { namespace = 'ns', pod = `pod-${randomBytes(4).toString('hex')}` } = name;
    const containerId = randomBytes(32).toString('hex');
    return new Sandbox({ node, netns: await node.addPod(), namespace, pod, containerId }, client);
  }

  /** Of the link on the node. */
  get hostLink(): string {
    return hostIfname(this.namespace, this.pod, 'eth0');
  }

  /** Calls the plugin, in the way of version 1.1.0 unless told otherwise. */
  async call(command: string, { env = {}, netconf = {} }: CallOptions = {}): Promise<CallOutcome> {
    const variables = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: this.containerId,
      CNI_NETNS: this.netns.path,
      CNI_IFNAME: 'eth0',
      CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${this.namespace};K8S_POD_NAME=${this.pod}`,
      CNI_PATH: '/opt/cni/bin',
      ...env,
    };
    if (command === 'ADD') this.#ifnames.add(variables.CNI_IFNAME ?? 'eth0');
    const usual = { cniVersion: '1.1.0', name: 'k8s', type: 'coil', coild: `unix://${this.node.socket}` };
    const stdin = typeof netconf === 'string' ? netconf : JSON.stringify({ ...usual, ...netconf });
    const outcome = await this.#client({ argv: [], env: onlySet(variables), stdin });
    return { exitStatus: outcome.exitStatus, stdout: outcome.stdout.toString() };
  }

  /** A call that has to succeed. @returns its result; undefined where it printed none */
  async succeed(command: string, options?: CallOptions): Promise<unknown> {
    const { exitStatus, stdout } = await this.call(command, options);
    assert.equal(exitStatus, 0, `${command} failed: ${stdout}`);
    return stdout === '' ? undefined : JSON.parse(stdout);
  }

  async add(options?: CallOptions): Promise<CniResult> {
    return (await this.succeed('ADD', options)) as CniResult;
  }

  /** A DEL, after which standard output must be empty. */
  async del(options?: CallOptions): Promise<void> {
    assert.equal(await this.succeed('DEL', options), undefined);
  }

  /** A call that has to fail. @returns its error */
  async fail(command: string, options?: CallOptions): Promise<{ code: number; text: string; cniVersion: string }> {
    const { exitStatus, stdout } = await this.call(command, options);
    assert.equal(exitStatus, 1, `${command} did not fail: ${stdout}`);
    const { code, msg, details = '', cniVersion } = JSON.parse(stdout) as Record<string, string>;
    return { code: Number(code), text: `${msg}: ${details}`, cniVersion: String(cniVersion) };
  }

  /** The same sandbox, for another client. */
  calledBy(client: CniClient): Sandbox {
    return new Sandbox(this, client);
  }

  /** Whatever is left of it is taken down, by a client of one's choice. */
  async takeDown(client: CniClient): Promise<void> {
    const cleaner = this.calledBy(client);
    for (const CNI_IFNAME of this.#ifnames) await cleaner.del({ env: { CNI_IFNAME } });
  }

  /** The addresses that are recorded for the container. */
  async recorded(): Promise<readonly string[]> {
    const { store } = this.node.datastore;
    const found: string[] = [];
    const signal = AbortSignal.timeout(10_000);
    for (const blocks of (await store.listBlocks(signal)).values()) {
      for (const { block } of blocks) {
        for (const { offset, assignment } of await store.listAddresses(block, signal)) {
          if (assignment.containerId === this.containerId) found.push(String(block.nth(offset)));
        }
      }
    }
    return found;
  }
}

/** The addresses of a result, without their lengths. */
export function addressesOf({ ips }: CniResult): readonly string[] {
  return ips.map(({ address }) => address.split('/')[0]!);
}

function onlySet(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
