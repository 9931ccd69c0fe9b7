import { IpAddress } from '../../src/model/ip-address.ts';
import type { IpPrefix } from '../../src/model/ip-prefix.ts';
import type { IpamStore, NodeChange, NodeSnapshot } from '../../src/store/ipam-store.ts';
import { addressOf, blocksOf, type Truth } from './truth.ts';

/** How long the datastore may take to tell of a change. */
const TELL_MS = 10_000;

/** A node's watch of the datastore, whose changes wait here until the node is to hear of them. */
export class HeldWatch {
  readonly #store: Pick<IpamStore, 'watchNode'>;
  readonly #node: string;
  readonly #closed = new AbortController();
  readonly #ownerships: () => number;
  readonly #told = new Mirror();
  readonly #heard = new Mirror();
  readonly #waiting: NodeChange[] = [];
  #consumer: PromiseWithResolvers<NodeChange> | undefined;
  #arrival = Promise.withResolvers<void>();
  #failure: unknown;
  #broken: Error | undefined;

  /** @param ownerships how often a block has come to the node, or gone from it, until now */
  constructor(store: Pick<IpamStore, 'watchNode'>, node: string, ownerships: () => number) {
    this.#store = store;
    this.#node = node;
    this.#ownerships = ownerships;
  }

  async open(): Promise<NodeSnapshot> {
    const changes = this.#store.watchNode(this.#node, this.#closed.signal)[Symbol.asyncIterator]();
    const first = await changes.next();
    if (first.done || first.value.kind !== 'snapshot') throw new Error('a watch begins with a snapshot');
    this.#told.reset(first.value, this.#ownerships());
    this.#heard.reset(first.value, this.#ownerships());
    void this.#take(changes);
    return first.value;
  }

  /** Whether all that is so has been heard by the node. */
  isHeard(truth: Truth): boolean {
    return !this.#broken && this.#waiting.length === 0 && this.#heard.is(truth, this.#node, this.#ownerships());
  }

  /** Waits until the datastore has told all that is so. @throws where it does not */
  async caughtUp(truth: Truth): Promise<void> {
    const late = AbortSignal.timeout(TELL_MS);
    // one that was broken tells nothing more, though its node has not noticed yet
    while (!this.#broken && !this.#told.is(truth, this.#node, this.#ownerships())) {
      if (this.#failure !== undefined) throw this.#failure;
      const timeout = Promise.withResolvers<never>();
      const onLate = () => timeout.reject(new Error(`the watch of ${this.#node} did not tell all within 10 s`));
      late.addEventListener('abort', onLate, { once: true });
      await Promise.race([this.#arrival.promise, timeout.promise]).finally(() =>
        late.removeEventListener('abort', onLate),
      );
    }
  }

  /** Lets the node hear of the next change. False where there is none, or the node does not listen yet. */
  deliver(): boolean {
    const consumer = this.#consumer;
    if (consumer === undefined || this.#broken) return false;
    const change = this.#waiting.shift();
    if (change === undefined) return false;
    this.#consumer = undefined;
    this.#heard.apply(change);
    consumer.resolve(change);
    return true;
  }

  /** Ends it by an error, for a node that does not listen just now too. */
  break(error: Error): void {
    this.#broken = error;
    this.close();
    this.#consumer?.reject(error);
  }

  close(): void {
    this.#closed.abort();
  }

  /** What follows the snapshot, for the node's code. Ends without an error when `signal` is aborted. */
  async *changes(signal: AbortSignal): AsyncGenerator<NodeChange, void, undefined> {
    const onAbort = () => this.#consumer?.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      while (!signal.aborted) {
        if (this.#broken) throw this.#broken;
        this.#consumer = Promise.withResolvers<NodeChange>();
        yield await this.#consumer.promise;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.close();
    }
  }

  async #take(changes: AsyncIterator<NodeSnapshot | NodeChange>): Promise<void> {
    try {
      for (let next = await changes.next(); !next.done; next = await changes.next()) {
        if (next.value.kind === 'snapshot') throw new Error('a watch has one snapshot');
        this.#told.apply(next.value);
        this.#waiting.push(next.value);
        this.#announce();
      }
    } catch (error) {
      this.#failure = error;
      this.#announce();
    }
  }

  #announce(): void {
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
  }
}

/** What the changes so far come to. */
class Mirror {
  readonly #blocks = new Set<string>();
  readonly #records = new Map<string, number>();
  #ownerships = 0;

  reset({ blocks, addresses }: NodeSnapshot, ownerships: number): void {
    this.#ownerships = ownerships;
    for (const { block } of blocks) this.#blocks.add(block.toString());
    for (const record of addresses) this.#records.set(addressOf(record), record.revision);
  }

  apply(change: NodeChange): void {
    if (change.kind === 'block') {
      const { block, owned } = change;
      this.#ownerships++;
      if (owned) this.#blocks.add(block.toString());
      else this.#drop(block);
    } else if (change.kind === 'address') {
      const address = addressOf(change.slot);
      if (change.record) this.#records.set(address, change.record.revision);
      else this.#records.delete(address);
    }
  }

  /** A block that came and went leaves nothing else to see. */
  is(truth: Truth, node: string, ownerships: number): boolean {
    if (this.#ownerships !== ownerships) return false;
    const blocks = blocksOf(truth, node);
    if (blocks.length !== this.#blocks.size || !blocks.every((block) => this.#blocks.has(block))) return false;
    const records = [...truth.records].filter(([, { block }]) => this.#blocks.has(block.toString()));
    return (
      records.length === this.#records.size &&
      records.every(([address, { revision }]) => this.#records.get(address) === revision)
    );
  }

  #drop(block: IpPrefix): void {
    this.#blocks.delete(block.toString());
    for (const address of this.#records.keys())
      if (block.contains(IpAddress.parse(address))) this.#records.delete(address);
  }
}
