import type { CoilError } from '../../src/model/error.ts';
import type { BootRecord } from '../../src/store/boot-record.ts';
import type {
  AcquiredBlock,
  AddressRecord,
  AllocateOutcome,
  AllocateRequest,
  BlockRequest,
  FreeOutcome,
  FreeRequest,
  IpamStore,
  NodeChange,
  NodeSnapshot,
  PoolBlock,
  ReleaseOutcome,
} from '../../src/store/ipam-store.ts';
import type { CoildStore } from './coild-store.ts';
import type { Gate, Send } from './gate.ts';
import { HeldWatch } from './held-watch.ts';
import { addressOf } from './truth.ts';

/** What a node's code uses of a datastore. */
type NodeStore = Pick<
  IpamStore,
  'acquireBlock' | 'releaseBlock' | 'allocate' | 'free' | 'listAddresses' | 'checkWritable' | 'watchNode'
> &
  BootRecord;

/** Is told of every change when it has been made, before the node hears of it. */
export interface StoreObserver {
  /**
   * Is told when a node asks for something that begins a new term, where it had given up changes before (see NodeTerm);
   * what it gives, when that is made.
   */
  asking(node: string): () => void;
  /** How often a block has come to a node, or gone from it. */
  ownerships(node: string): number;
  /** Is told when it is asked for; what it gives, when it was made. */
  allocating(request: AllocateRequest): (outcome: AllocateOutcome) => void;
  freed(addresses: readonly FreeRequest[], outcome: FreeOutcome): void;
  /** Is told when it is asked for; what it gives tells whether that can be done still. */
  releasing(block: PoolBlock): () => boolean;
  released(node: string, block: PoolBlock, outcome: ReleaseOutcome): void;
  /** Anything may be another now. */
  changed(): void;
}

/** How long the real datastore may take. */
const soon = () => AbortSignal.timeout(10_000);

/** The real datastore, each call of which waits at the gate. */
export class GatedStore implements NodeStore {
  readonly #store: NodeStore;
  readonly #send: CoildStore['send'];
  readonly #node: string;
  readonly #gate: Gate;
  readonly #observer: StoreObserver;
  #watch: HeldWatch | undefined;

  constructor(
    { store, send }: Pick<CoildStore, 'store' | 'send'>,
    deps: { node: string; gate: Gate; observer: StoreObserver },
  ) {
    this.#store = store;
    this.#send = send;
    this.#node = deps.node;
    this.#gate = deps.gate;
    this.#observer = deps.observer;
  }

  /** The one that is followed; undefined where none is. */
  get watch(): HeldWatch | undefined {
    return this.#watch;
  }

  acquireBlock(request: BlockRequest, signal: AbortSignal): Promise<AcquiredBlock> {
    const name = `acquireBlock ${request.pool}/${request.family}`;
    // whoever is first in the queue serves it, at any time
    return this.#anytime(name, signal, (until) => this.#store.acquireBlock(request, until));
  }

  releaseBlock(node: string, block: PoolBlock, signal: AbortSignal): Promise<ReleaseOutcome> {
    const holds = this.#observer.releasing(block);
    return this.#change(`releaseBlock ${block.block}`, signal, async (until) => {
      if (!holds()) return { outcome: 'not-owned' };
      const outcome = await this.#store.releaseBlock(node, block, until);
      this.#observer.released(node, block, outcome);
      return outcome;
    });
  }

  allocate(request: AllocateRequest, signal: AbortSignal): Promise<AllocateOutcome> {
    const what = `allocate ${request.slots.map(addressOf).join(' ')} for ${request.assignment.containerId}`;
    const made = this.#observer.allocating(request);
    return this.#change(what, signal, async (until) => {
      const outcome = await this.#store.allocate(request, until);
      made(outcome);
      return outcome;
    });
  }

  free(addresses: readonly FreeRequest[], signal: AbortSignal): Promise<FreeOutcome> {
    return this.#change(`free ${addresses.map(addressOf).join(' ')}`, signal, async (until) => {
      const outcome = await this.#store.free(addresses, until);
      this.#observer.freed(addresses, outcome);
      return outcome;
    });
  }

  listAddresses(
    block: AddressRecord['block'],
    signal: AbortSignal,
    unreadable?: CoilError[],
  ): Promise<readonly AddressRecord[]> {
    const asked = this.#observer.asking(this.#node);
    return this.#call(`listAddresses ${block}`, signal, (until) => {
      asked();
      return this.#store.listAddresses(block, until, unreadable);
    });
  }

  checkWritable(signal: AbortSignal): Promise<void> {
    return this.#call('checkWritable', signal, (until) => this.#store.checkWritable(until));
  }

  readBoot(node: string, signal: AbortSignal): Promise<string | undefined> {
    return this.#call('readBoot', signal, (until) => this.#store.readBoot(node, until));
  }

  writeBoot(node: string, bootId: string, signal: AbortSignal): Promise<void> {
    return this.#change(`writeBoot ${bootId}`, signal, (until) => this.#store.writeBoot(node, bootId, until));
  }

  async *watchNode(node: string, signal: AbortSignal): AsyncGenerator<NodeSnapshot | NodeChange, void, undefined> {
    const watch = new HeldWatch(this.#store, node, () => this.#observer.ownerships(node));
    try {
      const asked = this.#observer.asking(this.#node);
      const snapshot = await this.#call('watchNode', signal, () => {
        asked();
        return watch.open();
      });
      this.#watch = watch;
      yield snapshot;
      yield* watch.changes(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      watch.close();
      if (this.#watch === watch) this.#watch = undefined;
    }
  }

  #change<T>(name: string, signal: AbortSignal, make: (until: AbortSignal) => Promise<T>): Promise<T> {
    const asked = this.#observer.asking(this.#node);
    const change = (until: AbortSignal) => {
      asked();
      return this.#changed(make(until));
    };
    const send = this.#send;
    if (!send) return this.#anytime(name, signal, change);
    return this.#call(name, signal, change, (end) => send(change, end));
  }

  /** A change that has its effect whenever it arrives. */
  #anytime<T>(name: string, signal: AbortSignal, make: (until: AbortSignal) => Promise<T>): Promise<T> {
    const change = (until: AbortSignal) => this.#changed(make(until));
    const late = async () => void (await change(soon()).catch(() => undefined));
    return this.#call(name, signal, change, async () => late);
  }

  #call<T>(name: string, signal: AbortSignal, make: (until: AbortSignal) => Promise<T>, send?: Send): Promise<T> {
    return this.#gate.call({ medium: 'store', name, signal, ...(send && { send }) }, () => make(soon()));
  }

  async #changed<T>(change: Promise<T>): Promise<T> {
    try {
      return await change;
    } finally {
      this.#observer.changed();
    }
  }
}
