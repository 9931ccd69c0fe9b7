import type { NodeChange, NodeSnapshot } from '../ipam-store.ts';
import { DocumentCheck } from './document-check.ts';
import type { EtcdDatabase } from './etcd-database.ts';
import { takeSnapshot } from './node-snapshot.ts';
import { NodeView } from './node-view.ts';
import { WatchStream } from './watch-stream.ts';

export interface NodeWatchOptions {
  /** Changes that may wait for the consumer; with one more the watch ends by an error. Default 10000. */
  readonly maxWaitingChanges?: number;
  /** How often to look for what a Coil of v1 changed, on average, in milliseconds. Default 30000. */
  readonly documentCheckMs?: number;
}

/**
 * The port's `watchNode`. Changes of pools and blocks are in order among each other, and those of one block's addresses
 * among each other and after the change that gave the block; between different blocks there is no order.
 */
export async function* watchNode(
  db: EtcdDatabase,
  { node, signal, ...options }: { node: string; signal: AbortSignal } & NodeWatchOptions,
): AsyncGenerator<NodeSnapshot | NodeChange, void, undefined> {
  const left = new AbortController();
  const ended = AbortSignal.any([signal, left.signal]);
  const watching = { what: `watch node ${node}`, maxWaiting: options.maxWaitingChanges ?? 10_000 };
  try {
    signal.throwIfAborted();
    const snapshot = await takeSnapshot(db, node, signal);
    using stream = await WatchStream.open(db.client, watching, signal);
    const onAbort = () => stream.fail(signal.reason);
    ended.addEventListener('abort', onAbort, { once: true });
    const view = new NodeView(db, { node, snapshot, stream });
    const checking = new DocumentCheck(db, node).run(view, options.documentCheckMs ?? 30_000, ended);
    checking.catch((error) => stream.fail(error));
    yield snapshot;
    for await (const event of stream) yield* await view.changesOf(event, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    left.abort();
  }
}
