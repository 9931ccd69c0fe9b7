import assert from 'node:assert/strict';
import type { AddressPool } from '../../src/model/address-pool.ts';
import type { AddressRecord, IpamStore, NodeChange, NodeSnapshot } from '../../src/store/ipam-store.ts';

/** How long a change may take to be told; what is later fails the test. */
const TELL_TIMEOUT_MS = 20_000;

/** A consumer of `watchNode`: what it knows of a node after the snapshot and the changes that it was told. */
export class WatchedNode implements AsyncDisposable {
  readonly snapshot: NodeSnapshot;
  readonly #events: AsyncIterator<NodeSnapshot | NodeChange>;
  readonly #pools: Map<string, AddressPool>;
  readonly #blocks = new Map<string, string>();
  readonly #addresses = new Map<string, AddressRecord>();

  private constructor(snapshot: NodeSnapshot, events: AsyncIterator<NodeSnapshot | NodeChange>) {
    this.snapshot = snapshot;
    this.#events = events;
    this.#pools = new Map(snapshot.pools);
    for (const { pool, block } of snapshot.blocks) this.#blocks.set(String(block), `${pool} ${block}`);
    for (const record of snapshot.addresses) this.#addresses.set(`${record.block} ${record.offset}`, record);
  }

  static async begin(store: IpamStore, node: string): Promise<WatchedNode> {
    const events = store.watchNode(node, AbortSignal.timeout(TELL_TIMEOUT_MS))[Symbol.asyncIterator]();
    const first = await events.next();
    assert.ok(!first.done && first.value.kind === 'snapshot', 'a watch begins with a snapshot');
    return new WatchedNode(first.value, events);
  }

  pools(): ReadonlyMap<string, AddressPool> {
    return this.#pools;
  }

  /** `POOL BLOCK` each. */
  blocks(): readonly string[] {
    return [...this.#blocks.values()];
  }

  /** Of blocks that the node owns, in the order of their blocks and offsets. */
  addresses(): readonly AddressRecord[] {
    return [...this.#addresses.values()]
      .filter((record) => this.#blocks.has(String(record.block)))
      .sort((a, b) => a.block.compare(b.block) || a.offset - b.offset);
  }

  /** Takes changes until `done` holds. */
  async until(done: (node: WatchedNode) => boolean, what: string): Promise<void> {
    while (!done(this)) {
      const next = await this.#events.next();
      assert.ok(!next.done, `the watch ended before it told of ${what}`);
      assert.ok(next.value.kind !== 'snapshot', 'there is one snapshot only');
      assert.ok(next.value.revision > this.snapshot.revision, 'a change is newer than the snapshot');
      this.#apply(next.value);
    }
  }

  #apply(change: NodeChange): void {
    if (change.kind === 'pool') {
      if (change.pool) this.#pools.set(change.name, change.pool);
      else this.#pools.delete(change.name);
    } else if (change.kind === 'block') {
      if (change.owned) this.#blocks.set(String(change.block), `${change.pool} ${change.block}`);
      else this.#blocks.delete(String(change.block));
    } else {
      if (change.record) assert.equal(change.record.revision, change.revision);
      const key = `${change.slot.block} ${change.slot.offset}`;
      if (change.record) this.#addresses.set(key, change.record);
      else this.#addresses.delete(key);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#events.return?.();
  }
}
