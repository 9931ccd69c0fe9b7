import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeCgroups, removeCgroups, weighCgroup } from '../e2e/cgroups.ts';
import { REFERENCE_PLUGINS } from '../e2e/containerd.ts';
import { CriClient } from '../e2e/cri-client.ts';
import { kubeBinary } from '../kube/kube-binary.ts';
import { nodeAddress } from './addresses.ts';
import { nodeBird } from './bird.ts';
import { containerSpec } from './boot-id.ts';
import { type CommandLine, type RunOptions, run } from './command.ts';
import { type Credentials, kubeconfig } from './credentials.ts';
import type { ImageFile } from './images.ts';
import { type BootedNode, bootNode } from './node-boot.ts';
import { CONTAINER_SPEC, containerdConfig, kubeletConfig, RESOLV_CONF } from './node-config.ts';
import { BOOTSTRAP_TAINT } from './node-object.ts';
import { Service } from './service.ts';

/** Of the processors, for all Pods of a node: as many as 16 processes beside them have. */
const SHARES = 16 * 1024;
const START_MS = 30_000;
const SOCKET = '/run/containerd/containerd.sock';

export interface KubeNodeOptions {
  /** From 1. */
  readonly index: number;
  /** Where its disk comes to lie. */
  readonly folder: string;
  readonly logs: string;
  readonly credentials: Credentials;
  /** Of all that the node's kubelet runs: `/ct-x/node1`. */
  readonly cgroup: string;
  readonly pause: string;
  readonly bridge: string;
}

/** A machine with containerd, kubelet and BIRD, which can be switched off and on. */
export class KubeNode implements Disposable {
  readonly name: string;
  readonly address: string;
  readonly disk: string;
  readonly #options: KubeNodeOptions;
  readonly #services = new Map<string, Service>();
  #booted: BootedNode | undefined;
  #cri: CriClient | undefined;

  private constructor(options: KubeNodeOptions) {
    this.#options = options;
    this.name = `node${options.index}`;
    this.address = nodeAddress(options.index);
    this.disk = join(options.folder, this.name);
  }

  /** Makes the disk, switches the machine on, and imports the images; all but kubelet runs then. */
  static async create(options: KubeNodeOptions, images: readonly ImageFile[]): Promise<KubeNode> {
    const node = new KubeNode(options);
    await node.#makeDisk();
    await node.#boot();
    for (const image of images) await node.importImage(image);
    return node;
  }

  get isOn(): boolean {
    return this.#cri !== undefined;
  }

  get cri(): CriClient {
    if (!this.#cri) throw new Error(`${this.name} is off`);
    return this.#cri;
  }

  /** Of the machine's process 1, as this process sees it. */
  get pid(): number {
    if (!this.#booted) throw new Error(`${this.name} is off`);
    return this.#booted.pid;
  }

  /** Runs a program on the machine. */
  run(line: CommandLine, options?: RunOptions): Promise<string> {
    return run(this.#line(line), options);
  }

  /** Runs one in the network of a sandbox, whose process has this ID on the machine. */
  runInNetwork(pid: number, line: CommandLine, options?: RunOptions): Promise<string> {
    return this.run(['nsenter', `--net=/proc/${pid}/ns/net`, ...line], options);
  }

  /** The command line that runs one there. */
  networkLine(pid: number, line: CommandLine): CommandLine {
    return this.#line(['nsenter', `--net=/proc/${pid}/ns/net`, ...line]);
  }

  /** `ip -json ARGS`, read; words are separated by single spaces. */
  async ip<T>(args: string): Promise<T> {
    const text = await this.run(['ip', '-json', ...args.split(' ')]);
    // an older ip prints nothing where there is nothing
    return JSON.parse(text || '[]') as T;
  }

  async importImage({ path }: ImageFile): Promise<void> {
    await this.ctr('images', 'import', path);
  }

  /** `ctr ARGS` in the namespace of kubelet's containers. It runs beside the machine, whose containerd it asks. */
  ctr(...args: readonly string[]): Promise<string> {
    return run(['ctr', '--address', this.#socket, '--namespace', 'k8s.io', ...args], { timeoutMs: 120_000 });
  }

  async startContainerd(): Promise<void> {
    await this.#start('containerd', ['containerd', '--config', '/etc/containerd/config.toml']);
    this.#cri?.[Symbol.dispose]();
    this.#cri = new CriClient(this.#socket);
    await this.#cri.connect(START_MS);
  }

  async startKubelet(): Promise<void> {
    await this.#start('kubelet', [
      kubeBinary('kubelet'),
      '--kubeconfig=/etc/kubernetes/kubelet.conf',
      '--config=/etc/kubernetes/kubelet.yaml',
      '--container-runtime=remote',
      `--container-runtime-endpoint=unix://${SOCKET}`,
      `--hostname-override=${this.name}`,
      `--node-ip=${this.address}`,
      `--register-with-taints=${BOOTSTRAP_TAINT}=true:NoSchedule`,
      '--v=2',
    ]);
  }

  async stop(service: 'containerd' | 'kubelet'): Promise<void> {
    await this.#services.get(service)?.stop();
  }

  /** As when the power fails: all but the disk is gone. */
  async powerOff(): Promise<void> {
    for (const service of this.#services.values()) service.expectEnd();
    this.#cri?.[Symbol.dispose]();
    this.#cri = undefined;
    const booted = this.#booted;
    this.#booted = undefined;
    await booted?.powerOff();
    await removeCgroups(this.#options.cgroup);
  }

  /** Switches it on after powerOff; all but kubelet runs then. */
  async powerOn(): Promise<void> {
    await this.#boot();
  }

  /** Lets go of it; it goes with the machine that all of this runs on. */
  [Symbol.dispose](): void {
    this.#cri?.[Symbol.dispose]();
  }

  get #socket(): string {
    return `/proc/${this.pid}/root${SOCKET}`;
  }

  async #boot(): Promise<void> {
    const { pause, bridge, cgroup } = this.#options;
    await makeCgroups(cgroup);
    // on a machine of its own, the Pods would share the processors with its services alone
    for (const one of [dirname(cgroup), cgroup]) await weighCgroup(one, SHARES);
    const { name, address, disk } = this;
    this.#booted = await bootNode({ name, address, disk, pause, bridge });
    await this.#start('bird', ['bird', '-f', '-R', '-c', '/etc/bird/bird.conf', '-s', '/run/bird.ctl']);
    await this.startContainerd();
  }

  async #start(service: string, line: CommandLine): Promise<void> {
    const options = { name: `${this.name}-${service}`, line: this.#line(line), forks: true, logs: this.#options.logs };
    // what a unit of systemd is given; and kubelet 1.20 would look for Amazon's registry for 4 s
    const env = { PATH: process.env.PATH, HOME: '/root', TMPDIR: '/run', AWS_EC2_METADATA_DISABLED: 'true' };
    this.#services.set(service, await Service.start({ ...options, env }));
  }

  #line(line: CommandLine): CommandLine {
    return ['nsenter', '--target', String(this.pid), '--pid', '--mount', '--net', '--ipc', '--uts', '--', ...line];
  }

  async #makeDisk(): Promise<void> {
    const { index, cgroup, credentials } = this.#options;
    const folders = ['var/lib', 'var/log', 'opt/cni/bin', 'etc/kubernetes', 'etc/containerd', 'etc/bird', 'etc-work'];
    for (const folder of folders) await mkdir(join(this.disk, folder), { recursive: true });
    await cp(REFERENCE_PLUGINS, join(this.disk, 'opt/cni/bin'), { recursive: true });
    const etc = (path: string) => join(this.disk, 'etc', path);
    await writeFile(etc('bird/bird.conf'), await nodeBird(index, this.address));
    await writeFile(etc('containerd/config.toml'), containerdConfig());
    await writeFile(etc('kubernetes/kubelet.yaml'), kubeletConfig(cgroup));
    await writeFile(etc('kubernetes/kubelet.conf'), kubeconfig(this.name, '/etc/kubernetes/ca.crt'));
    await writeFile(join(this.disk, CONTAINER_SPEC), await containerSpec());
    await writeFile(join(this.disk, RESOLV_CONF), 'nameserver 192.0.2.254\n');
    await cp(credentials.ca, etc('kubernetes/ca.crt'));
  }
}
