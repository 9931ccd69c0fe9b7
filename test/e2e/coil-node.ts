import type { Built } from './built.ts';
import { type Containerd, startContainerd } from './containerd.ts';
import { Kubelet, type Pod } from './kubelet.ts';
import { Machine } from './machine.ts';
import type { MachineProcess } from './machine-process.ts';

export interface CoilNodeOptions {
  readonly dist: Built;
  /** Path of the executable pause. */
  readonly pause: string;
  /** A network configuration list. */
  readonly netconf: object;
  /** Further flags of coild, given the machine's folder, in which containerd.sock will be. */
  readonly flags?: (folder: string) => readonly string[];
}

interface Parts {
  readonly machine: Machine;
  readonly containerd: Containerd;
  readonly dist: Built;
  readonly flags: readonly string[];
}

export const NODE_NAME = 'node1';
/** Of the pool `default`: 16 blocks of 16 addresses. */
export const SUBNET = '10.77.0.0/24';
export const BLOCKS = 16;
/** The node's own address; its neighbour is 192.0.2.2. */
export const NODE_ADDRESS = '192.0.2.1';

/** In memory, on the machine's own /run: what else is written to the host's disk would delay what is synced to it. */
const STORE = '--store=sqlite:/run/coil.db';

/** A neighbour in a network namespace of that name; the node forwards, as coil-installer tells it to. */
const NETWORK = `set -e
ip netns add neighbour
ip link add eth0 type veth peer name eth0 netns neighbour
ip addr add ${NODE_ADDRESS}/24 dev eth0
ip link set eth0 up
ip -n neighbour addr add 192.0.2.2/24 dev eth0
ip -n neighbour link set eth0 up
echo 1 > /proc/sys/net/ipv4/ip_forward
`;

/** A machine with a containerd that runs Pods, and a coild with a pool to give them a network. */
export class CoilNode implements AsyncDisposable {
  readonly machine: Machine;
  readonly containerd: Containerd;
  readonly kubelet: Kubelet;
  readonly #dist: Built;
  readonly #flags: readonly string[];
  #coild: MachineProcess;

  private constructor({ machine, containerd, dist, flags }: Parts, coild: MachineProcess) {
    this.machine = machine;
    this.containerd = containerd;
    this.kubelet = new Kubelet(containerd.cri, machine.cgroup);
    this.#dist = dist;
    this.#flags = flags;
    this.#coild = coild;
  }

  static async start({ dist, pause, netconf, flags: flagsIn = () => [] }: CoilNodeOptions): Promise<CoilNode> {
    await using undo = new AsyncDisposableStack();
    const machine = undo.use(await Machine.start(pause));
    await machine.run('sh', '-c', NETWORK);
    await machine.run(dist.coilctl, STORE, 'pool', 'create', 'default', SUBNET, '4');
    const flags = flagsIn(machine.folder);
    const coild = await startCoild(machine, dist, flags);
    const containerd = await startContainerd(machine, { pause, coil: dist.coil, netconf: JSON.stringify(netconf) });
    undo.move();
    return new CoilNode({ machine, containerd, dist, flags }, coild);
  }

  /** Stops coild, and checks that it took that well. */
  async stopCoild(): Promise<void> {
    const status = await this.#coild.stop();
    if (status !== 0) throw new Error(`coild ended with status ${status}:\n${this.#coild.output}`);
  }

  async startCoild(): Promise<void> {
    this.#coild = await startCoild(this.machine, this.#dist, this.#flags);
  }

  coilctl(...args: string[]): Promise<string> {
    return this.machine.run(this.#dist.coilctl, STORE, ...args);
  }

  /** Runs a program in a Pod's network. */
  runIn({ pid }: Pod, ...command: string[]): Promise<string> {
    return this.machine.run('nsenter', `--net=/proc/${pid}/ns/net`, ...command);
  }

  /** Starts one there, which goes on. */
  startIn({ pid }: Pod, ...command: string[]): MachineProcess {
    return this.machine.start(['nsenter', `--net=/proc/${pid}/ns/net`, ...command]);
  }

  /** What coild has logged since it was started last. */
  get coildLog(): string {
    return this.#coild.output;
  }

  /** What the programs have logged, for whoever has to find out why a test failed. */
  get logs(): string {
    return `coild:\n${this.#coild.output}\ncontainerd:\n${this.containerd.process.output}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.containerd[Symbol.dispose]();
    await this.machine[Symbol.asyncDispose]();
  }
}

/** Its socket, its port and its table are the defaults: on this machine they are free. */
async function startCoild(machine: Machine, { coild }: Built, flags: readonly string[]): Promise<MachineProcess> {
  const command = [coild, STORE, '--scan-interval=1s', ...flags];
  const process = machine.start(command, { COIL_NODE_NAME: NODE_NAME });
  await process.printed(/coild is listening/);
  return process;
}
