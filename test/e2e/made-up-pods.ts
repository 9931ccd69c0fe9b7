import assert from 'node:assert/strict';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { hostIfname } from '../../src/podnet/host-ifname.ts';
import { ipBatch } from '../kernel/kernel-fixture.ts';
import type { NodeUnderTest } from './node-under-test.ts';

export interface MadeUpPodsOptions {
  readonly namespace: string;
  readonly count: number;
}

/** Pods without namespaces, of which there can be many: addresses by the REST API, links that lead nowhere. */
export class MadeUpPods {
  readonly addresses: string[] = [];
  readonly links: readonly string[];
  readonly #node: NodeUnderTest;
  readonly #namespace: string;

  constructor(node: NodeUnderTest, { namespace, count }: MadeUpPodsOptions) {
    this.#node = node;
    this.#namespace = namespace;
    this.links = Array.from({ length: count }, (_, i) => hostIfname(namespace, `pod-${i}`, 'eth0'));
  }

  /** `POST /ip` */
  async record(): Promise<void> {
    for (const i of this.links.keys()) {
      const body = { 'pod-namespace': this.#namespace, 'pod-name': `pod-${i}`, 'container-id': `c${i}` };
      this.addresses.push((await this.#post(body)).address);
    }
  }

  /** Marked as coild marks them, and set down; the kernel announces nothing of the mark of a link that was never up. */
  async makeLinks(): Promise<void> {
    const lines = this.links.flatMap((link, i) => [
      `link add ${link} type veth peer name peer-${i}`,
      `link set ${link} alias c${i}/eth0`,
      `link set ${link} up`,
      `link set ${link} down`,
    ]);
    await ipBatch(this.#node.netns, lines);
  }

  /** How many of them the node has a route to. */
  async routes(): Promise<number> {
    const shown = (await this.#node.netns.ip('route show scope link')).split('\n');
    return this.addresses.filter((address, i) =>
      shown.some((line) => line.startsWith(`${address} dev ${this.links[i]}`)),
    ).length;
  }

  async #post(body: object): Promise<{ readonly address: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const outgoing = request({ socketPath: this.#node.socket, method: 'POST', path: '/ip' });
    outgoing.on('response', (answer) => void text(answer).then(resolve, reject)).on('error', reject);
    outgoing.end(JSON.stringify(body));
    const answer = JSON.parse(await promise) as { address: string; status: number };
    assert.equal(answer.status, 200, JSON.stringify(answer));
    return answer;
  }
}
