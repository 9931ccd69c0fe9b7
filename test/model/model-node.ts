import { hash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FullAttachmentRequest } from '../../src/cni/cni-request.ts';
import { parseNetworkConfig } from '../../src/cni/network-config.ts';
import { PodAttacher } from '../../src/cni/pod-attacher.ts';
import { attachmentKey } from '../../src/cni/valid-attachments.ts';
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
import { Journal } from '../../src/store/offline/journal.ts';
import { recordOf } from '../../src/store/offline/journal-rows.ts';
import type { JournalTables } from '../../src/store/offline/journal-tables.ts';
import { OfflineStore } from '../../src/store/offline/offline-store.ts';
import { FakeBlockExporter } from '../contract/fake-block-exporter.ts';
import { FakePodNetwork } from '../contract/fake-pod-network.ts';
import { withOverrides } from '../contract/ipam-node.ts';
import type { CoildStore } from './coild-store.ts';
import { SQLITE_FILES } from './datastores.ts';
import { Gate, type HeldCall } from './gate.ts';
import { GatedExporter, GatedPodNetwork } from './gated-kernel.ts';
import { GatedStore, type StoreObserver } from './gated-store.ts';
import { ModelReclaim } from './model-reclaim.ts';
import { proofSources } from './proof-sources.ts';
import type { Sandbox } from './sandbox.ts';
import type { Untold } from './truth.ts';

/** The real code of one coild, everything around it held at a gate. */
export class ModelCoild {
  readonly gate = new Gate();
  readonly store: GatedStore;
  /** Over that one; undefined where the node has no journal. */
  readonly offline: OfflineStore | undefined;
  readonly state: NodeState;
  readonly attacher: PodAttacher;
  readonly ipam: NodeIpam;
  readonly keeper: BlockKeeper;
  readonly sync: NodeSync;
  readonly reclaim: ModelReclaim;
  readonly #journal: Journal | undefined;
  readonly #end = new AbortController();

  constructor(node: ModelNode, deps: ModelNodeDeps, journal: Journal | undefined) {
    const { gate } = this;
    const { clock } = deps;
    const { name } = node;
    const logger = new RecordingLogger();
    const now = () => new Date(clock());
    const remote = new GatedStore(deps.openFor(name), { node: name, gate, observer: deps.observer });
    const exporter = new GatedExporter(node.routes, { gate, asked: () => deps.exporting(node) });
    // never by itself: the steps say when
    const scanIntervalMs = NEVER_MS;
    const sleep = (_: number, signal: AbortSignal) =>
      gate.call({ medium: 'time', name: 'wait', signal }, async () => {});
    const backoff = () => new Backoff({ baseMs: 1, maxMs: 1 }, { sleep });
    this.store = remote;
    this.#journal = journal;
    this.offline =
      journal &&
      new OfflineStore({
        node: name,
        remote: remoteOf(remote),
        journal: gated(journal, gate),
        now,
        logger,
        backoff: backoff(),
      });
    const store = this.offline ?? remote;
    const isOffline = () => this.offline?.isOffline ?? false;
    this.state = new NodeState({ restMs: deps.restMs }, { clock });
    const { state } = this;
    this.keeper = new BlockKeeper(
      { node: name, exportBackoff: backoff },
      { store, exporter, state, clock, isOffline, logger },
    );
    const { keeper } = this;
    this.sync = new NodeSync({ node: name, scanIntervalMs, backoff: backoff() }, { store, state, keeper, logger });
    const { sync } = this;
    this.ipam = new NodeIpam({ node: name }, { store, state, keeper, sync, now, logger, signal: this.#end.signal });
    const { ipam } = this;
    const refused = (containerId: string) => deps.refused(node, containerId);
    const podNetwork = new GatedPodNetwork(node.links, { gate, refused });
    this.attacher = new PodAttacher({ lock: new KeyedLock(), ipam, podNetwork, hostIfname, logger });
    const { attacher } = this;
    const sources = proofSources(node, { gate, sandboxes: () => deps.sandboxesOf(node) });
    const boot = { boots: remote, bootId: async () => node.bootId, backoff: backoff() };
    void sync.run(this.#end.signal);
    this.reclaim = new ModelReclaim(
      name,
      { ...sources, ...boot, state, sync, isOffline, ipam, attacher, podNetwork, hostIfname, clock, logger },
      this.#end.signal,
    );
  }

  /** What its journal has to tell the datastore. */
  get untold(): Untold {
    return this.#journal?.peek(untoldOf) ?? NOTHING_UNTOLD;
  }

  /** Has its journal written as far as it has heard. */
  flush(): void {
    this.#journal?.read(() => undefined);
  }

  /** What NodeSync does at each scan. */
  async scan(keepMs: number): Promise<void> {
    const { signal } = this.#end;
    await this.sync.ready(signal);
    await this.sync.returnBlocks(keepMs, signal);
    await this.keeper.exportUntilDone(signal);
  }

  /** CNI's GC. */
  async collect(valid: readonly Sandbox[]): Promise<void> {
    using added = this.attacher.adds.since();
    const keys = valid.map(({ containerId }) => attachmentKey({ containerId, ifname: IFNAME }));
    await this.reclaim.garbage.collect({ config: CONFIG, valid: new Set(keys) }, added, this.#end.signal);
  }

  /** As kill -9. Gives the calls that were asked for, and may still be made, and what is left to tell the datastore. */
  kill(): { readonly asked: readonly HeldCall[]; readonly untold: Untold } {
    const untold = this.#journal?.peek(untoldOf) ?? NOTHING_UNTOLD;
    const asked = this.gate.stop();
    this.store.watch?.close();
    // nothing comes through the gate any more: this only ends its timers
    this.#end.abort();
    void this.#journal?.[Symbol.asyncDispose]();
    return { asked, untold };
  }
}

const NEVER_MS = 2 ** 31 - 1;
const NOTHING_UNTOLD: Untold = { freed: [], given: [] };

function untoldOf({ pending, pendingAddresses }: JournalTables): Untold {
  return { freed: pending.freed.map(recordOf), given: pendingAddresses };
}

/** The journal, whose synced changes wait for their turn as calls to the datastore do. */
function gated(journal: Journal, gate: Gate): Journal {
  const commit: Journal['commit'] = (change, signal) =>
    gate.call({ medium: 'disk', name: 'commit to the journal', signal }, () =>
      journal.commit(change, AbortSignal.timeout(10_000)),
    );
  return withOverrides(journal, { commit });
}

/** What else a store has, no node uses. */
function remoteOf(store: GatedStore): IpamStore {
  return store as unknown as IpamStore;
}

export interface ModelNodeDeps {
  /** Called for each coild. */
  readonly openFor: (node: string) => Pick<CoildStore, 'store' | 'send'>;
  readonly observer: StoreObserver;
  /** Called when an export is asked for; what it gives, when that was made. */
  readonly exporting: (node: ModelNode) => (report: SyncReport) => void;
  /** Called when a container is not attached, for what there is in the node's kernel. */
  readonly refused: (node: ModelNode, containerId: string) => void;
  /** What its runtime and the API server are asked about. */
  readonly sandboxesOf: (node: ModelNode) => readonly Sandbox[];
  /** Monotonic, in milliseconds. */
  readonly clock: () => number;
  readonly restMs: number;
  /** Folder of the nodes' journals; undefined where they have none. */
  readonly journals: string | undefined;
}

/** A node: a kernel in memory, and a coild while it runs. */
export class ModelNode {
  readonly name: string;
  readonly #deps: ModelNodeDeps;
  #left = NOTHING_UNTOLD;
  links = new FakePodNetwork();
  routes = new FakeBlockExporter();
  coild: ModelCoild | undefined;
  /** Whether its datastore cannot be reached. */
  isCutOff = false;
  /** What cannot be asked whether its Pods are gone. */
  readonly silent = new Set<'runtime' | 'api'>();
  #boots = 1;

  constructor(name: string, deps: ModelNodeDeps) {
    this.name = name;
    this.#deps = deps;
  }

  get hasJournal(): boolean {
    return this.#deps.journals !== undefined;
  }

  /** The kernel's name for this boot. */
  get bootId(): string {
    const digits = hash('sha256', `boot ${this.#boots} of ${this.name}`);
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
  }

  /** What its journal has to tell the datastore, whether or not its coild runs. */
  get untold(): Untold {
    return this.coild?.untold ?? this.#left;
  }

  async start(): Promise<void> {
    if (this.coild) return;
    const { name } = this;
    const path = this.#journalPath;
    const journal =
      path === undefined
        ? undefined
        : await Journal.open(
            // what the datastore told last is lost where coild is killed, unless something was written since
            { path, node: name, prefix: '/', newsMs: NEVER_MS },
            AbortSignal.timeout(10_000),
          );
    this.coild = new ModelCoild(this, this.#deps, journal);
  }

  /** Ends its coild as kill -9 does. */
  kill(): readonly HeldCall[] {
    if (!this.coild) return [];
    const { asked, untold } = this.coild.kill();
    this.#left = untold;
    this.coild = undefined;
    return asked;
  }

  /** Gives what the datastore will never be told. Its coild must not run. */
  async loseJournal(): Promise<Untold> {
    for (const end of SQLITE_FILES) await rm(this.#journalPath + end, { force: true });
    const lost = this.#left;
    this.#left = NOTHING_UNTOLD;
    return lost;
  }

  get #journalPath(): string | undefined {
    const { journals } = this.#deps;
    return journals === undefined ? undefined : join(journals, `${this.name}.db`);
  }

  /** Everything in its kernel is gone. Its coild must not run. */
  reboot(): void {
    this.#boots++;
    this.links = new FakePodNetwork();
    this.routes = new FakeBlockExporter();
  }
}

const IFNAME = 'eth0';
const CONFIG = parseNetworkConfig('{"cniVersion":"1.1.0","name":"k8s","type":"coil"}');

/** A call for the sandbox of a Pod, as a runtime makes it. */
export function requestFor({ pod, podUid, containerId }: Sandbox): FullAttachmentRequest {
  const netns = netnsOf(containerId);
  return { config: CONFIG, containerId, ifname: IFNAME, netns, namespace: 'default', pod, podUid };
}

/** Where its network namespace stands. */
export function netnsOf(containerId: string): string {
  return `/netns/${containerId}`;
}
