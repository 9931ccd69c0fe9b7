import { BlockKeeper } from '../../src/ipam/block-keeper.ts';
import { NodeIpam } from '../../src/ipam/node-ipam.ts';
import { NodeState } from '../../src/ipam/node-state.ts';
import { NodeSync } from '../../src/ipam/node-sync.ts';
import { RecordingLogger } from '../../src/process/recording-logger.ts';
import type { IpamStore } from '../../src/store/ipam-store.ts';
import { FakeBlockExporter } from './fake-block-exporter.ts';

export interface IpamNodeOptions {
  readonly node?: string;
  readonly scanIntervalMs?: number;
  readonly restMs?: number;
  readonly keepSpare?: boolean;
  readonly isOffline?: () => boolean;
}

/** What coild is made of as far as addresses go, over a real store and with routes in memory. */
export class IpamNode implements AsyncDisposable {
  readonly exporter = new FakeBlockExporter();
  readonly logger = new RecordingLogger();
  readonly state: NodeState;
  readonly ipam: NodeIpam;
  readonly keeper: BlockKeeper;
  readonly sync: NodeSync;
  readonly #end = new AbortController();
  readonly #running: Promise<void>;
  #skippedMs = 0;

  constructor(store: IpamStore, options: IpamNodeOptions = {}) {
    const { node = 'node1', scanIntervalMs = 600_000, restMs = 30_000, keepSpare, isOffline = () => false } = options;
    const { exporter, logger } = this;
    const clock = () => performance.now() + this.#skippedMs;
    const state = new NodeState({ restMs }, { clock });
    const keeper = new BlockKeeper({ node, keepSpare }, { store, exporter, state, clock, isOffline, logger });
    const sync = new NodeSync({ node, scanIntervalMs }, { store, state, keeper, logger });
    const now = () => new Date();
    this.ipam = new NodeIpam({ node }, { store, state, keeper, sync, now, logger, signal: this.#end.signal });
    this.state = state;
    this.keeper = keeper;
    this.sync = sync;
    this.#running = sync.run(this.#end.signal);
  }

  /** Lets time pass for this node at once. */
  skip(ms: number): void {
    this.#skippedMs += ms;
  }

  get blocks(): string[] {
    return this.state.blocks.map(({ block }) => block.toString());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#running;
  }
}

/** The store with some of its calls replaced. */
export function overriding(store: IpamStore, overrides: Partial<IpamStore>): IpamStore {
  return withOverrides(store, overrides);
}

/** An object with some of its methods replaced. */
export function withOverrides<T extends object>(original: T, overrides: Partial<T>): T {
  return new Proxy(original, {
    get(target, name) {
      const from = name in overrides ? overrides : target;
      const found = Reflect.get(from, name, from === target ? target : undefined);
      return typeof found === 'function' ? found.bind(from) : found;
    },
  });
}
