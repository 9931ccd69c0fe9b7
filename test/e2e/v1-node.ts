import { readFileSync } from 'node:fs';
import { asProcess, type CniClient } from '../contract/cni-client.ts';
import type { EtcdServer } from '../etcd/etcd-server.ts';
import { V1_GOLDEN } from '../etcd/v1-golden.ts';
import { addressesSettled } from './kernel-state.ts';
import { NodeUnderTest } from './node-under-test.ts';
import { Sandbox } from './sandbox.ts';
import { V1Datastore } from './v1-datastore.ts';
import { V1Plugin } from './v1-plugin.ts';

/** `ip route show table 119` of that node under v1. */
export const V1_TABLE_119 = readFileSync(new URL('../golden/v1-table119-node1.txt', import.meta.url), 'utf8');

/** The blocks in it. */
export const V1_BLOCKS = ['10.64.0.16/28', '192.0.2.7/32', '203.0.113.0/30'];

/** A Pod that v1's plugin attached. */
export interface V1AttachedPod {
  readonly sandbox: Sandbox;
  readonly address: string;
}

/** The assignments of node1 in the golden data: key, namespace, Pod, address. */
const ASSIGNMENTS = [
  ['ip/10.64.0.16/0', 'default', 'web-16', '10.64.0.16'],
  ['ip/10.64.0.16/1', 'default', 'web-17', '10.64.0.17'],
  ['ip/10.64.0.16/2', 'default', 'web-18', '10.64.0.18'],
  ['ip/10.64.0.16/3', 'default', 'web-19', '10.64.0.19'],
  // recorded before 1.0.2, without its container
  ['ip/10.64.0.16/9', 'default', 'old-pod', '10.64.0.25'],
  ['ip/203.0.113.0/0', 'dmz', 'edge-0', '203.0.113.0'],
  ['ip/192.0.2.7/0', 'single', 'lone-0', '192.0.2.7'],
] as const;

/** `ip route show table 119`; empty where there is no such table. */
export async function table119(node: NodeUnderTest): Promise<string> {
  const { status, stdout } = await node.run('/usr/bin/env', 'ip', 'route', 'show', 'table', '119');
  return status === 0 ? stdout : '';
}

/** The plugin in the node's network, where v1's network configuration finds coild. */
export function launcherOn({ netns, dist }: NodeUnderTest): CniClient {
  return asProcess('/usr/bin/nsenter', `--net=${netns.path}`, dist.coil);
}

/**
 * node1 of the golden data as v1 leaves it when it is stopped: keys, table 119, and Pods with their links. The
 * container IDs are those of the Pods here.
 */
export class V1Node implements AsyncDisposable {
  readonly node: NodeUnderTest;
  readonly datastore: V1Datastore;
  readonly pods: readonly V1AttachedPod[];
  readonly #stack: AsyncDisposableStack;

  private constructor(parts: Pick<V1Node, 'node' | 'datastore' | 'pods'>, stack: AsyncDisposableStack) {
    this.node = parts.node;
    this.datastore = parts.datastore;
    this.pods = parts.pods;
    this.#stack = stack;
  }

  static async create(server: EtcdServer): Promise<V1Node> {
    await using stack = new AsyncDisposableStack();
    const datastore = stack.use(new V1Datastore(server));
    const node = stack.use(await NodeUnderTest.create(datastore.open, { pools: [] }));
    await datastore.put(V1_GOLDEN);
    const pods: V1AttachedPod[] = [];
    for (const [key, namespace, pod, address] of ASSIGNMENTS) {
      const sandbox = await Sandbox.create(node, launcherOn(node), { namespace, pod });
      const value = V1_GOLDEN[key]!;
      await datastore.put({ [key]: value.replace(/"container_id":"\w+"/, `"container_id":"${sandbox.containerId}"`) });
      const plugin = new V1Plugin(node);
      await plugin.makeLinks(sandbox);
      await plugin.configure(sandbox, address);
      pods.push({ sandbox, address });
    }
    for (const block of V1_BLOCKS) await node.netns.ip(`route add ${block} dev lo table 119 proto 30 scope global`);
    for (const netns of [node.netns, ...pods.map(({ sandbox }) => sandbox.netns)]) await addressesSettled(netns);
    return new V1Node({ node, datastore, pods }, stack.move());
  }

  /** The Pod of that name. */
  pod(name: string): V1AttachedPod {
    const found = this.pods.find(({ sandbox }) => sandbox.pod === name);
    if (found === undefined) throw new Error(`no Pod ${name}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
