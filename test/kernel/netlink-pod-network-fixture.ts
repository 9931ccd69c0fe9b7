import { NetlinkAttachmentLinks } from '../../src/podnet/netlink-attachment-links.ts';
import { NetlinkPodNetwork } from '../../src/podnet/netlink-pod-network.ts';
import type { Attachment } from '../../src/podnet/pod-network.ts';
import { RecordingLogger } from '../../src/process/recording-logger.ts';
import type { PodNetworkFixture } from '../contract/pod-network-fixture.ts';
import { TestNetns } from './kernel-fixture.ts';

interface IpRoute {
  readonly dst: string;
  readonly dev: string;
}

/** A node and its Pods, each a namespace of its own, with the port on rtnetlink. */
export class KernelPodNetworkFixture implements PodNetworkFixture {
  readonly network: NetlinkPodNetwork;
  readonly links: NetlinkAttachmentLinks;
  readonly node: TestNetns;
  readonly logger = new RecordingLogger();
  readonly #pods = new Map<string, TestNetns>();

  private constructor(node: TestNetns) {
    this.node = node;
    this.links = new NetlinkAttachmentLinks(node.path);
    this.network = new NetlinkPodNetwork({ nodeNetns: node.path }, { logger: this.logger });
  }

  static async open(): Promise<KernelPodNetworkFixture> {
    const node = await TestNetns.create();
    await node.ip('link set lo up');
    return new KernelPodNetworkFixture(node);
  }

  async addNetns(): Promise<string> {
    const pod = await TestNetns.create();
    this.#pods.set(pod.path, pod);
    return pod.path;
  }

  pod(path: string): TestNetns {
    const pod = this.#pods.get(path);
    if (pod === undefined) throw new Error(`no Pod at ${path}`);
    return pod;
  }

  async deleteNetns(path: string): Promise<void> {
    await this.pod(path)[Symbol.asyncDispose]();
  }

  async addForeignLink(netns: string, ifname: string): Promise<void> {
    await this.pod(netns).ip(`link add ${ifname} type bridge`);
  }

  /** v1's layout; of that, which v1 had not, the route only. */
  async addPair(attachment: Attachment, owner: string | undefined): Promise<void> {
    const { addresses, hostIfname, ifname, netns } = attachment;
    const pod = this.pod(netns);
    await this.node.ip(`link add ${hostIfname} type veth peer name ${ifname} netns ${pod.name}`);
    if (owner !== undefined) await this.node.ip(`link set ${hostIfname} alias ${owner}`);
    await this.node.ip(`link set ${hostIfname} up`);
    await this.node.ip(`address add 169.254.1.1/32 dev ${hostIfname} scope link`);
    await pod.ip(`link set ${ifname} up`);
    for (const address of addresses) await this.node.ip(`route add ${address} dev ${hostIfname}`);
    const ipv4 = addresses.find(({ family }) => family === 4);
    if (ipv4 === undefined) return;
    await pod.ip('link set lo up');
    await pod.ip(`address add ${ipv4}/32 dev ${ifname}`);
    await pod.ip(`route add 169.254.1.1 dev ${ifname} scope link`);
    await pod.ip('route add default via 169.254.1.1');
  }

  async addHostLink(name: string, owner: string | undefined): Promise<void> {
    await this.node.ip(`link add ${name} type veth peer name other-end`);
    if (owner !== undefined) await this.node.ip(`link set ${name} alias ${owner}`);
  }

  async removeRoute(hostIfname: string, address: unknown): Promise<void> {
    await this.node.ip(`route delete ${address} dev ${hostIfname}`);
  }

  async print(): Promise<string> {
    const namespaces = [this.node, ...this.#pods.values()];
    return (await Promise.all(namespaces.map(printNetns))).join('\n');
  }

  async hostLinks(): Promise<string[]> {
    const links = JSON.parse(await this.node.ip('-json link show')) as { ifname: string }[];
    return links
      .map(({ ifname }) => ifname)
      .filter((name) => name.startsWith('veth'))
      .sort();
  }

  async linkIndex(name: string): Promise<number> {
    const [link] = JSON.parse(await this.node.ip(`-json link show dev ${name}`)) as { ifindex: number }[];
    return link!.ifindex;
  }

  async routes(): Promise<string[]> {
    const routes: IpRoute[] = [];
    for (const family of ['-4', '-6']) {
      routes.push(...(JSON.parse((await this.node.ip(`-json ${family} route show table main`)) || '[]') as IpRoute[]));
    }
    return routes
      .filter(({ dev, dst }) => dev.startsWith('veth') && !dst.startsWith('fe80'))
      .map(({ dst, dev }) => `${dst} ${dev}`)
      .sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network.close();
    await this.links[Symbol.asyncDispose]();
    for (const netns of [this.node, ...this.#pods.values()]) await netns[Symbol.asyncDispose]();
  }
}

/** Without what the kernel does by itself a while later: a link-local address of its own for the Pod's interface. */
async function printNetns(netns: TestNetns): Promise<string> {
  const parts = ['-oneline link show', '-oneline address show', '-4 route show table all', '-6 route show table all'];
  const text = (await Promise.all(parts.map((part) => netns.ip(part)))).join('');
  return text
    .split('\n')
    .filter((line) => !/fe80::(\/64|[0-9a-f]{2,})/.test(line))
    .join('\n');
}
