import type { NodeState } from '../ipam/node-state.ts';
import type { UnrecordedLinks } from '../ipam/unrecorded-links.ts';
import { type Metrics, single } from '../process/metrics.ts';
import type { StoreConnection } from '../store/store-connection.ts';
import { SpoolFolder } from './spool-folder.ts';

/** How long a scrape waits for the kernel at most. */
const LOOK_MS = 5_000;

export interface NodeMetricsDeps {
  readonly state: Pick<NodeState, 'blocks'>;
  readonly sync: { readonly isFresh: boolean };
  readonly session: { readonly obstacle: string | undefined };
  readonly unrecorded: Pick<UnrecordedLinks, 'current'>;
  /** Why an ADD could not be served now; undefined where it could. */
  readonly unavailable: () => string | undefined;
  /** Undefined where the node cannot go on without its datastore. */
  readonly connection?: StoreConnection | undefined;
  /** Where the plugin keeps DELs. */
  readonly spool: string;
  /** Monotonic, in milliseconds. */
  readonly clock: () => number;
  readonly now: () => Date;
}

/** What a node has and how it is, as it is at the time of each scrape. */
export function addNodeMetrics(metrics: Metrics, deps: NodeMetricsDeps): void {
  const { state, sync, session, unrecorded, connection, unavailable, clock } = deps;
  metrics.gauge(
    {
      name: 'coil_node_blocks',
      help: 'Blocks that this node owns: acquired (no route yet), exported, leaving (about to be returned)',
      labels: ['pool', 'family', 'state'],
    },
    () => {
      const blocks = Map.groupBy(state.blocks, ({ pool, block, state: at }) => `${pool} ${block.family} ${at}`);
      return [...blocks].map(([key, { length: value }]) => {
        const [pool = '', family = '', at = ''] = key.split(' ');
        return { labels: { pool, family, state: at }, value };
      });
    },
  );
  metrics.gauge(
    {
      name: 'coil_node_addresses',
      help: "Addresses of this node's blocks: used, resting (freed lately, or in use without a record), free",
      labels: ['pool', 'family', 'state'],
    },
    () => {
      const blocks = Map.groupBy(state.blocks, ({ pool, block }) => `${pool} ${block.family}`);
      return [...blocks].flatMap(([key, owned]) => {
        const [pool = '', family = ''] = key.split(' ');
        const sum = (of: (one: (typeof owned)[number]) => number) => owned.reduce((total, one) => total + of(one), 0);
        const used = sum(({ allocator }) => allocator.used);
        const resting = sum(({ allocator }) => allocator.resting(clock()));
        const free = sum(({ allocator }) => allocator.capacity) - used - resting;
        return Object.entries({ used, resting, free }).map(([at, value]) => ({
          labels: { pool, family, state: at },
          value,
        }));
      });
    },
  );
  metrics.gauge(
    {
      name: 'coil_node_unrecorded_addresses',
      help: 'Addresses that Pods of this node live with and that are not recorded for them',
    },
    async () => single((await unrecorded.current(AbortSignal.timeout(LOOK_MS))).length),
  );
  metrics.gauge({ name: 'coil_node_ready', help: '1 where an ADD could be served, as /readyz' }, () =>
    single(unavailable() === undefined ? 1 : 0),
  );
  metrics.gauge({ name: 'coil_node_session_held', help: '1 where this coild is the one that serves the node' }, () =>
    single(session.obstacle === undefined ? 1 : 0),
  );
  metrics.gauge({ name: 'coil_datastore_watch_up', help: '1 while the state follows the datastore' }, () =>
    single(sync.isFresh && !connection?.isOffline ? 1 : 0),
  );
  metrics.gauge({ name: 'coil_datastore_offline', help: '1 while the node goes on by its journal' }, () =>
    connection ? single(connection.isOffline ? 1 : 0) : [],
  );
  metrics.gauge({ name: 'coil_journal_pending_writes', help: 'Changes that the datastore was not told of yet' }, () =>
    connection ? single(connection.status.pendingWrites) : [],
  );
  metrics.gauge(
    { name: 'coil_journal_lost_addresses', help: 'Addresses of Pods that the datastore does not let them have' },
    () => (connection ? single(connection.status.lost.length) : []),
  );
  const folder = new SpoolFolder(deps.spool, deps.now);
  metrics.gauge(
    { name: 'coil_del_spool_files', help: 'DELs that the plugin spooled and that are still to be done' },
    async () => single((await folder.list()).length),
  );
}
