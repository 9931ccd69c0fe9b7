import { GarbageCollection } from '../../src/cni/garbage-collection.ts';
import { PodAttacher } from '../../src/cni/pod-attacher.ts';
import { BootReclaim } from '../../src/ipam/boot-reclaim.ts';
import { KeyedLock } from '../../src/ipam/keyed-lock.ts';
import { LeakJudge } from '../../src/ipam/leak-judge.ts';
import { LeakRelease } from '../../src/ipam/leak-release.ts';
import type { PodUidSource } from '../../src/ipam/pod-uid-source.ts';
import { Reclaim } from '../../src/ipam/reclaim.ts';
import { attachmentsOf } from '../../src/ipam/recorded-attachment.ts';
import type { SandboxSource } from '../../src/ipam/sandbox-source.ts';
import { hostIfname } from '../../src/podnet/host-ifname.ts';
import { Backoff } from '../../src/process/backoff.ts';
import { RecordingLogger } from '../../src/process/recording-logger.ts';
import type { OpenedStore } from '../../src/store/open-store.ts';
import { FakePodNetwork } from './fake-pod-network.ts';
import { IpamNode } from './ipam-node.ts';
import { soon } from './store-fixture.ts';

export const GRACE_MS = 300_000;

export interface PodSpec {
  readonly container: string;
  readonly pod?: string;
  readonly uid?: string;
  readonly ifname?: string;
  readonly network?: string;
}

export interface ReclaimSceneOptions {
  readonly node?: string;
  readonly dryRun?: boolean;
  /** Which of the second proofs there are; both by default. */
  readonly sources?: readonly ('runtime' | 'api')[];
}

/**
 * A node's address management, CNI verbs and reclaim over a real store, with kernel, container runtime and API server in
 * memory, and a clock of its own for the grace.
 */
export class ReclaimScene implements AsyncDisposable {
  readonly node: IpamNode;
  readonly network = new FakePodNetwork();
  readonly logger = new RecordingLogger();
  /** What the runtime knows: container IDs, and whether each is ready. */
  readonly sandboxes = new Map<string, boolean>();
  /** What the API server has: UIDs by `namespace/pod`. */
  readonly pods = new Map<string, string>();
  /** Sources that cannot be asked now. */
  readonly down = new Set<'node' | 'runtime' | 'api'>();
  /** Sources that were asked, in order. */
  readonly questions: string[] = [];
  /** What happens between the last look of all and the change; called once. */
  beforeChange: (() => Promise<void>) | undefined;
  bootId = 'this boot';
  readonly attacher: PodAttacher;
  readonly garbage: GarbageCollection;
  readonly boot: BootReclaim;
  readonly reclaim: Reclaim;
  #now = 0;

  constructor(
    store: OpenedStore,
    { node = 'node1', dryRun = false, sources = ['runtime', 'api'] }: ReclaimSceneOptions = {},
  ) {
    const { logger, network: podNetwork } = this;
    this.node = new IpamNode(store, { node, restMs: 0 });
    const { ipam, state, sync } = this.node;
    this.attacher = new PodAttacher({ lock: new KeyedLock(), ipam, podNetwork, hostIfname, logger });
    const releaseAsSeen: typeof ipam.releaseAsSeen = async (...args) => {
      const change = this.beforeChange;
      this.beforeChange = undefined;
      await change?.();
      return await ipam.releaseAsSeen(...args);
    };
    const exclusively = this.attacher.exclusively.bind(this.attacher);
    const release = new LeakRelease({ dryRun }, { ipam: { releaseAsSeen }, exclusively, logger });
    const links = { look: async (signal: AbortSignal) => await this.#ask('node', () => podNetwork.look(signal)) };
    const sandboxes: SandboxSource = {
      listSandboxes: () => this.#ask('runtime', async () => [...this.sandboxes].map(([id, ready]) => ({ id, ready }))),
    };
    const podUids: PodUidSource = {
      uidsOf: (namespace, pod) =>
        this.#ask('api', async () => new Set([this.pods.get(`${namespace}/${pod}`) ?? []].flat())),
    };
    const judge = new LeakJudge({
      ...{ links, hostIfname, logger },
      ...(sources.includes('runtime') ? { sandboxes } : {}),
      ...(sources.includes('api') ? { podUids } : {}),
    });
    const backoff = new Backoff({ baseMs: 1, maxMs: 1 });
    const bootId = async () => this.bootId;
    this.boot = new BootReclaim(
      { node, dryRun, backoff },
      { boots: store, bootId, state, adds: this.attacher.adds, links, hostIfname, release, logger },
    );
    this.reclaim = new Reclaim(
      { graceMs: GRACE_MS, intervalMs: GRACE_MS / 5 },
      { state, sync, boot: this.boot, judge, release, clock: () => this.#now, logger },
    );
    this.garbage = new GarbageCollection({ state, sync, release, podNetwork, hostIfname });
  }

  /** ADD of a Pod that then runs: the runtime and the API server know it. Gives its address. */
  async add(spec: PodSpec): Promise<string> {
    const { container, pod = 'web-0', uid = `uid-of-${container}`, ifname = 'eth0', network = 'k8s' } = spec;
    const netns = `/run/netns/${container}`;
    if (!this.sandboxes.has(container)) this.network.addNetns(netns);
    const config = { cniVersion: '1.1.0', name: network, prevResult: undefined } as const;
    const request = { config, containerId: container, ifname, netns, namespace: 'default', pod, podUid: uid };
    const { addresses } = await this.attacher.add(request, soon());
    this.sandboxes.set(container, true);
    this.pods.set(`default/${pod}`, uid);
    return addresses.join();
  }

  /** Its namespace goes without a DEL, and runtime and API server forget it. */
  lose({ container, pod = 'web-0' }: PodSpec): void {
    this.network.deleteNetns(`/run/netns/${container}`);
    this.sandboxes.delete(container);
    this.pods.delete(`default/${pod}`);
  }

  /** Lets time pass, with the looks that belong to it. */
  async pass(ms: number): Promise<void> {
    const interval = GRACE_MS / 5;
    for (let left = ms; left > 0; left -= interval) {
      await this.reclaim.look(soon());
      this.#now += Math.min(interval, left);
    }
  }

  /** More than a grace, at the end of which what is due is freed. */
  async passGrace(): Promise<void> {
    await this.pass(GRACE_MS);
    await this.reclaim.look(soon());
  }

  /** Addresses that are recorded, with their containers, as the node knows it. */
  get recorded(): string[] {
    return this.node.state.records
      .map(({ block, offset, assignment }) => `${block.nth(offset)} ${assignment.containerId}`)
      .sort();
  }

  get attachments() {
    return attachmentsOf(this.node.state.records);
  }

  /** `MESSAGE CONTAINER PROOFS` of each decision. */
  get decisions(): string[] {
    return this.logger.records
      .filter(({ message }) => /leaked/.test(message))
      .map(({ message, fields: { container, proofs } }) => [message, container, proofs].flat().join(' ').trim());
  }

  async #ask<T>(source: 'node' | 'runtime' | 'api', answer: () => Promise<T>): Promise<T> {
    this.questions.push(source);
    if (this.down.has(source)) throw new Error(`${source} is down`);
    return await answer();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network.settled();
    await this.node[Symbol.asyncDispose]();
  }
}
