import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { PROGRAMS } from './built-programs.ts';
import type { Coild } from './coild.ts';
import { Daemon } from './daemon.ts';
import type { DemoRun } from './demo-run.ts';
import { Netns } from './netns.ts';

/** A Pod: a network namespace that Coil gave an address and a link, and a program in it that tells the Pod's name. */
export class Pod {
  readonly name: string;
  readonly netns: Netns;
  readonly #coild: Coild;
  readonly #containerId = randomBytes(32).toString('hex');
  #address = '';

  private constructor(name: string, netns: Netns, coild: Coild) {
    this.name = name;
    this.netns = netns;
    this.#coild = coild;
  }

  static async start(run: DemoRun, name: string, { coild, program }: { coild: Coild; program: string }): Promise<Pod> {
    const pod = new Pod(name, await Netns.create(run, name), coild);
    await pod.#attach(run);
    const line = [program, 'serve', name] as const;
    const daemon = await Daemon.start(run, { title: name, netns: pod.netns, line, log: `${name}.log` });
    await daemon.printed('is listening', run.signal);
    return pod;
  }

  get address(): string {
    return this.#address;
  }

  get nodeName(): string {
    return this.#coild.node.name;
  }

  async detach({ signal }: DemoRun): Promise<void> {
    await this.#coild.call('DEL', this.#variables, { signal });
  }

  async #attach({ signal }: DemoRun): Promise<void> {
    const result = JSON.parse(await this.#coild.call('ADD', this.#variables, { signal }));
    this.#address = result.ips[0].address.split('/')[0];
  }

  get #variables() {
    return {
      CNI_CONTAINERID: this.#containerId,
      CNI_NETNS: this.netns.path,
      CNI_IFNAME: 'eth0',
      CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${this.name}`,
      CNI_PATH: dirname(PROGRAMS.coil),
    };
  }
}
