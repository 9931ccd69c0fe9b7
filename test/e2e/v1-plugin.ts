import { type HttpAnswer, type HttpRequest, makeRequests } from './http-errand.ts';
import type { NodeUnderTest } from './node-under-test.ts';
import type { Sandbox } from './sandbox.ts';

const GATEWAY = '169.254.1.1';
const COILD = { host: '127.0.0.1', port: 9383 };

/** v1's network configuration, as its plugin is given it. */
export const V1_NETCONF = { cniVersion: '0.3.1', name: 'k8s', type: 'coil', coild: 'http://127.0.0.1:9383' } as const;

/**
 * What v1.1's CNI plugin does, step by step: it asks coild for an address over TCP, and does the netlink work itself,
 * in the namespace of the Pod and in the node's. Links have no alias, and what was made stays where a later step fails.
 */
export class V1Plugin {
  readonly #node: NodeUnderTest;

  constructor(node: NodeUnderTest) {
    this.#node = node;
  }

  /** ADD. @returns the address @throws {Error} in v1's words */
  async add(sandbox: Sandbox): Promise<string> {
    await this.makeLinks(sandbox);
    const address = await this.#allocate(sandbox);
    try {
      await this.configure(sandbox, address);
    } catch (error) {
      await this.#free(sandbox);
      throw error;
    }
    return address;
  }

  /** DEL; without the Pod's namespace where the runtime says that it is gone. */
  async del(sandbox: Sandbox, { netns = true } = {}): Promise<void> {
    await this.#free(sandbox);
    if (netns && (await hasLink(sandbox, 'eth0'))) await sandbox.netns.ip('link delete eth0');
  }

  /** What coild says that a container has; undefined where it has nothing. */
  async find({ namespace, pod, containerId }: Sandbox): Promise<string | undefined> {
    const { status, body } = await this.#ask({ path: `/ip/${namespace}/${pod}/${containerId}` });
    return status === 200 ? (JSON.parse(body) as { address: string }).address : undefined;
  }

  /** The pair, made in the Pod; the host's end is moved to the node, and has the gateway's address. */
  async makeLinks(sandbox: Sandbox): Promise<void> {
    const { hostLink, netns: pod } = sandbox;
    const { netns: node } = this.#node;
    if (await hasLink(sandbox, hostLink)) await pod.ip(`link delete ${hostLink}`);
    if (await hasLink(sandbox, 'eth0')) throw new Error('container veth name provided (eth0) already exists');
    await pod.ip(`link add eth0 type veth peer name ${hostLink}`);
    await pod.ip('link set eth0 up');
    await pod.ip(`link set ${hostLink} netns ${node.name}`);
    await node.ip(`link set ${hostLink} up`);
    // its netlink library makes up a broadcast address
    await node.ip(`address add ${GATEWAY}/32 broadcast ${GATEWAY} dev ${hostLink} scope link`);
  }

  /** The route on the node; then address and routes in the Pod. */
  async configure({ hostLink, netns: pod }: Sandbox, address: string): Promise<void> {
    await this.#node.netns.ip(`route add ${address}/32 dev ${hostLink} scope link`);
    await pod.ip('link set eth0 up');
    await pod.ip(`address add ${address}/32 broadcast ${address} dev eth0`);
    await pod.ip(`route add ${GATEWAY}/32 dev eth0 scope link`);
    await pod.ip(`route add default via ${GATEWAY}`);
  }

  async #allocate({ namespace, pod, containerId }: Sandbox): Promise<string> {
    const body = { 'pod-namespace': namespace, 'pod-name': pod, 'address-type': 'ipv4', 'container-id': containerId };
    const headers = { 'Content-Type': 'application/json' };
    const answer = await this.#ask({ method: 'POST', path: '/ip', headers, body: JSON.stringify(body) });
    if (answer.status !== 200) throw new Error(`coild returns ${answer.status}`);
    return (JSON.parse(answer.body) as { address: string }).address;
  }

  async #free({ namespace, pod, containerId }: Sandbox): Promise<void> {
    const { status } = await this.#ask({ method: 'DELETE', path: `/ip/${namespace}/${pod}/${containerId}` });
    if (status !== 200 && status !== 404) throw new Error(`coild returns ${status}`);
  }

  async #ask(request: HttpRequest): Promise<HttpAnswer> {
    const [answer] = await makeRequests(this.#node.netns.path, { to: COILD, requests: [request] });
    return answer ?? { status: 0, body: 'no answer' };
  }
}

async function hasLink({ netns }: Sandbox, name: string): Promise<boolean> {
  const links = JSON.parse(await netns.ip('-json link show')) as { readonly ifname: string }[];
  return links.some(({ ifname }) => ifname === name);
}
