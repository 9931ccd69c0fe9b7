import { IpPrefix } from '../../src/model/ip-prefix.ts';
import type { OpenedStore } from '../../src/store/open-store.ts';
import { createPool } from '../e2e/datastores.ts';
import { EtcdFixture } from '../etcd/etcd-fixture.ts';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { ip } from '../kernel/kernel-fixture.ts';
import { StormNode } from './storm-node.ts';

/** The beginnings of all addresses of Pods. */
export const SUBNETS = ['10.11.0.0/24', 'fd00:11::/120'] as const;
/** Blocks of 4 addresses: each Pod more or less may want another block, or give one back. */
const BLOCK_SIZE = 2;
const NAMES = ['node-a', 'node-b'] as const;

/** The nodes' addresses on the link between them. */
export function nodeAddresses(index: number): readonly [ipv4: string, ipv6: string] {
  return [`192.0.2.${index + 1}`, `fd00:99::${index + 1}`];
}

/** Two nodes with a link between them, and one etcd for both. */
export class StormScene implements AsyncDisposable {
  readonly server: EtcdServer;
  readonly fixture: EtcdFixture;
  /** The test's own way to etcd. */
  readonly store: OpenedStore;
  readonly nodes: readonly StormNode[];
  readonly #stack: AsyncDisposableStack;

  private constructor(parts: Pick<StormScene, 'server' | 'fixture' | 'store' | 'nodes'>, stack: AsyncDisposableStack) {
    this.server = parts.server;
    this.fixture = parts.fixture;
    this.store = parts.store;
    this.nodes = parts.nodes;
    this.#stack = stack;
  }

  static async create(): Promise<StormScene> {
    await using stack = new AsyncDisposableStack();
    const server = stack.use(await EtcdServer.start());
    const fixture = stack.use(new EtcdFixture(server));
    const store = await fixture.open();
    const [first, ...others] = SUBNETS;
    await createPool(store, 'default', first, BLOCK_SIZE);
    for (const subnet of others) await store.addSubnet('default', IpPrefix.parse(subnet), AbortSignal.timeout(10_000));
    const nodes: StormNode[] = [];
    for (const name of NAMES) nodes.push(stack.use(await StormNode.create({ name, server, fixture })));
    await join(nodes);
    return new StormScene({ server, fixture, store, nodes }, stack.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Puts a cable between the nodes. */
async function join([a, b]: readonly StormNode[]): Promise<void> {
  await ip(`link add eth0 netns ${a!.under.netns.name} type veth peer name eth0 netns ${b!.under.netns.name}`);
  for (const [i, node] of [a!, b!].entries()) {
    const [ipv4, ipv6] = nodeAddresses(i);
    await node.under.netns.ip(`address add ${ipv4}/24 dev eth0`);
    await node.under.netns.ip(`address add ${ipv6}/64 dev eth0 nodad`);
    await node.under.netns.ip('link set eth0 up');
  }
}
