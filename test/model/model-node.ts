import type { FullAttachmentRequest } from '../../src/cni/cni-request.ts';
import { parseNetworkConfig } from '../../src/cni/network-config.ts';
import { PodAttacher } from '../../src/cni/pod-attacher.ts';
import { BlockKeeper } from '../../src/ipam/block-keeper.ts';
import { KeyedLock } from '../../src/ipam/keyed-lock.ts';
import { NodeIpam } from '../../src/ipam/node-ipam.ts';
import { NodeState } from '../../src/ipam/node-state.ts';
import { NodeSync } from '../../src/ipam/node-sync.ts';
import type { SyncReport } from '../../src/podnet/block-exporter.ts';
import { hostIfname } from '../../src/podnet/host-ifname.ts';
import { Backoff } from '../../src/process/backoff.ts';
import { RecordingLogger } from '../../src/process/recording-logger.ts';
import type { IpamStore } from '../../src/store/ipam-store.ts';
import { FakeBlockExporter } from '../contract/fake-block-exporter.ts';
import { FakePodNetwork } from '../contract/fake-pod-network.ts';
import { Gate, type HeldCall } from './gate.ts';
import { GatedExporter, GatedPodNetwork } from './gated-kernel.ts';
import { GatedStore, type StoreObserver } from './gated-store.ts';

/** The real code of one coild, everything around it held at a gate. */
export class ModelCoild {
  readonly gate = new Gate();
  readonly store: GatedStore;
  readonly state: NodeState;
  readonly attacher: PodAttacher;
  readonly ipam: NodeIpam;
  readonly keeper: BlockKeeper;
  readonly sync: NodeSync;
  readonly #end = new AbortController();

  constructor(node: ModelNode, deps: ModelNodeDeps) {
    const { gate } = this;
    const { clock } = deps;
    const { name } = node;
    const logger = new RecordingLogger();
    const store = new GatedStore(deps.store, { gate, observer: deps.observer });
    const exporter = new GatedExporter(node.routes, { gate, asked: () => deps.exporting(node) });
    // never by itself: the steps say when
    const scanIntervalMs = 2 ** 31 - 1;
    const sleep = (_: number, signal: AbortSignal) =>
      gate.call({ medium: 'time', name: 'wait', signal }, async () => {});
    const backoff = () => new Backoff({ baseMs: 1, maxMs: 1 }, { sleep });
    this.store = store;
    this.state = new NodeState({ restMs: deps.restMs }, { clock });
    const { state } = this;
    this.keeper = new BlockKeeper({ node: name, exportBackoff: backoff }, { store, exporter, state, clock, logger });
    const { keeper } = this;
    this.sync = new NodeSync({ node: name, scanIntervalMs, backoff: backoff() }, { store, state, keeper, logger });
    const { sync } = this;
    const now = () => new Date(0);
    this.ipam = new NodeIpam({ node: name }, { store, state, keeper, sync, now, logger, signal: this.#end.signal });
    const { ipam } = this;
    const podNetwork = new GatedPodNetwork(node.links, gate);
    this.attacher = new PodAttacher({ lock: new KeyedLock(), ipam, podNetwork, hostIfname, logger });
    void sync.run(this.#end.signal);
  }

  /** What NodeSync does at each scan. */
  async scan(keepMs: number): Promise<void> {
    const { signal } = this.#end;
    await this.sync.ready(signal);
    await this.keeper.returnEmpty(keepMs, signal);
    await this.keeper.exportUntilDone(signal);
  }

  /** As kill -9. Gives the calls that were asked for, and may still be made. */
  kill(): readonly HeldCall[] {
    const asked = this.gate.stop();
    this.store.watch?.close();
    // nothing comes through the gate any more: this only ends its timers
    this.#end.abort();
    return asked;
  }
}

export interface ModelNodeDeps {
  readonly store: IpamStore;
  readonly observer: StoreObserver;
  /** Called when an export is asked for; what it gives, when that was made. */
  readonly exporting: (node: ModelNode) => (report: SyncReport) => void;
  /** Monotonic, in milliseconds. */
  readonly clock: () => number;
  readonly restMs: number;
}

/** A node: a kernel in memory, and a coild while it runs. */
export class ModelNode {
  readonly name: string;
  readonly #deps: ModelNodeDeps;
  links = new FakePodNetwork();
  routes = new FakeBlockExporter();
  coild: ModelCoild | undefined;
  /** Whether its datastore cannot be reached. */
  isCutOff = false;

  constructor(name: string, deps: ModelNodeDeps) {
    this.name = name;
    this.#deps = deps;
  }

  start(): ModelCoild {
    this.coild ??= new ModelCoild(this, this.#deps);
    return this.coild;
  }

  /** Ends its coild as kill -9 does. */
  kill(): readonly HeldCall[] {
    const asked = this.coild?.kill() ?? [];
    this.coild = undefined;
    return asked;
  }

  /** Everything in its kernel is gone. Its coild must not run. */
  clearKernel(): void {
    this.links = new FakePodNetwork();
    this.routes = new FakeBlockExporter();
  }
}

const CONFIG = parseNetworkConfig('{"cniVersion":"1.1.0","name":"k8s","type":"coil"}');

/** A call for the sandbox of a Pod, as a runtime makes it. */
export function requestFor(pod: string, containerId: string): FullAttachmentRequest {
  return { config: CONFIG, containerId, ifname: 'eth0', netns: `/netns/${containerId}`, namespace: 'default', pod };
}
