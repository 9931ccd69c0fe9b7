import { CoilError } from '../../model/error.ts';
import type { NodeChange, NodeSnapshot } from '../ipam-store.ts';
import type { ChangeNotifier } from './change-notifier.ts';
import type { SqliteTables } from './sqlite-tables.ts';

export interface NodeWatchDeps {
  readonly tables: SqliteTables;
  readonly notifier: ChangeNotifier;
  /** Runs `read` on one state of the database. */
  readonly read: <T>(read: () => T, signal: AbortSignal) => Promise<T>;
}

/** `IpamStore.watchNode`: a snapshot, and then what the change log says came after it. */
export async function* watchNode(
  deps: NodeWatchDeps,
  node: string,
  signal: AbortSignal,
): AsyncGenerator<NodeSnapshot | NodeChange, void, undefined> {
  try {
    const snapshot = await deps.read(() => takeSnapshot(deps.tables, node), signal);
    yield snapshot;
    let sequence = snapshot.revision;
    while (!signal.aborted) {
      const seen = deps.notifier.count;
      const read = await deps.read(() => deps.tables.log.since(sequence, node), signal);
      for (const change of read.changes) {
        if (signal.aborted) return;
        yield change;
      }
      const more = read.sequence !== sequence;
      ({ sequence } = read);
      if (!more) await deps.notifier.next(seen, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function takeSnapshot({ pools, blocks, addresses, log }: SqliteTables, node: string): NodeSnapshot {
  const read = addresses.listOfNode(node);
  return {
    kind: 'snapshot',
    revision: log.latest,
    pools: pools.list(),
    blocks: blocks.listOf(node),
    addresses: read.map(({ record }) => record),
    unreadable: read.map(({ error }) => error).filter((error) => CoilError.is(error)),
  };
}
