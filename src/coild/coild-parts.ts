import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { PodAttacher, type PodAttacherDeps } from '../cni/pod-attacher.ts';
import { spoolFolder } from '../cni/spooled-del.ts';
import { BlockKeeper } from '../ipam/block-keeper.ts';
import { KeyedLock } from '../ipam/keyed-lock.ts';
import { NodeIpam, type ReleaseRequest } from '../ipam/node-ipam.ts';
import { NodeState } from '../ipam/node-state.ts';
import { NodeSync } from '../ipam/node-sync.ts';
import { StoreChanges } from '../ipam/store-changes.ts';
import { UnrecordedLinks } from '../ipam/unrecorded-links.ts';
import type { BlockExporter } from '../podnet/block-exporter.ts';
import type { HostSide } from '../podnet/host-side.ts';
import type { NetworkChanges } from '../podnet/network-changes.ts';
import type { ListenAddress } from '../process/listen-address.ts';
import type { Metrics } from '../process/metrics.ts';
import type { ExposedMetrics } from '../process/metrics-listener.ts';
import type { IpamStore } from '../store/ipam-store.ts';
import type { StoreConnection } from '../store/store-connection.ts';
import { CniTurns } from './cni-turns.ts';
import { createReclaim, type ReclaimSettings, type ReclaimSources } from './create-reclaim.ts';
import { datastoreStatus } from './datastore-status.ts';
import { DelSpool } from './del-spool.ts';
import { createHttpServer } from './http-server.ts';
import { NetworkGuard } from './network-guard.ts';
import { addNodeMetrics } from './node-metrics.ts';
import { NodeSession, type NodeSessionDeps } from './node-session.ts';
import { nodeStatus } from './node-status.ts';
import { obstacleToAdds } from './obstacle-to-adds.ts';
import { requestMetrics } from './request-metrics.ts';
import type { ServingLimits } from './serving-limits.ts';

export interface CoildOptions {
  /** The node's name, as in the datastore. */
  readonly node: string;
  /** Name of this host, for those who look for it. */
  readonly host: string;
  /** Path of the socket for the CNI executable. */
  readonly socket: string;
  /** Path of the file whose lock says that a coild of this machine serves the node. */
  readonly lock: string;
  /** Where v1's REST API is served besides; undefined for nowhere. */
  readonly http: ListenAddress | undefined;
  readonly scanIntervalMs: number;
  /** How long a freed address rests. */
  readonly restMs: number;
  /** Whether a block is kept in hand of each pool that the node's Pods use. */
  readonly keepSpare?: boolean;
  readonly reclaim: ReclaimSettings;
  readonly limits: ServingLimits;
}

export interface CoildDeps
  extends Omit<PodAttacherDeps, 'ipam' | 'lock'>,
    ReclaimSources,
    Pick<NodeSessionDeps, 'sessions' | 'tryLockFile'> {
  readonly store: IpamStore;
  /** What the store tells of its connection to the datastore; undefined where it always needs that. */
  readonly connection?: StoreConnection | undefined;
  readonly exporter: BlockExporter;
  readonly changes: NetworkChanges;
  readonly hostSide: HostSide;
  /** Whether the client of a TCP connection may change anything. */
  readonly mayChange: (client: Socket) => Promise<boolean>;
  /** Monotonic, in milliseconds. */
  readonly clock: () => number;
  readonly metrics: Metrics & ExposedMetrics;
  readonly now: () => Date;
}

/** What a coild is made of, for who runs it. */
export interface CoildParts {
  readonly session: NodeSession;
  /** The socket's server, and that of the REST API where TCP is asked for; neither listens yet. */
  readonly servers: { readonly socket: FastifyInstance; readonly tcp: FastifyInstance | undefined };
  /** What goes on beside the requests, until `signal` is aborted. `stopping` ends what takes on more work. */
  follow(signal: AbortSignal, stopping: AbortSignal): Promise<unknown>;
}

/** Puts a coild together; nothing of it runs yet. @param background aborted after the last request has ended */
export function createCoildParts(options: CoildOptions, deps: CoildDeps, background: AbortSignal): CoildParts {
  const { node, http, limits } = options;
  const { connection, logger, metrics } = deps;
  const state = new NodeState(options, deps);
  const isOffline = () => connection?.isOffline ?? false;
  const changes = new StoreChanges({ ...deps, isOffline });
  const keeper = new BlockKeeper(options, { ...deps, store: changes, state, isOffline });
  const sync = new NodeSync(options, { ...deps, state, keeper });
  const session = new NodeSession(options, deps);
  const permittedSync = {
    ready: async (until: AbortSignal) => {
      await session.ready(until);
      await sync.ready(until);
    },
    renew: sync.renew.bind(sync),
  };
  const ipam = new NodeIpam(
    { node },
    { ...deps, store: changes, state, keeper, sync: permittedSync, signal: background },
  );
  const podIpam = {
    allocate: ipam.allocate.bind(ipam),
    find: ipam.find.bind(ipam),
    avoid: ipam.avoid.bind(ipam),
    interfaces: ipam.interfaces.bind(ipam),
    release: async (request: ReleaseRequest, until: AbortSignal) => {
      const addresses = await ipam.release(request, until);
      connection?.detached(request);
      return addresses;
    },
  };
  const lock = new KeyedLock();
  const attacher = new PodAttacher({ ...deps, ipam: podIpam, lock });
  const reclaiming = { ...deps, state, sync, isOffline, ipam, attacher };
  const { reclaim, garbage } = createReclaim(node, options.reclaim, reclaiming);
  const spooled = spoolFolder(options.socket);
  const spool = new DelSpool({ folder: spooled }, { ...deps, attacher });
  const guard = new NetworkGuard(options, { ...deps, state, keeper, sync, lock });
  const unrecorded = new UnrecordedLinks(options, { ...deps, state, sync });
  const restIpam = {
    ...podIpam,
    status: async (until: AbortSignal) => {
      await permittedSync.ready(until);
      return {
        ...nodeStatus(state, await unrecorded.current(until)),
        ...(connection && datastoreStatus(connection.status)),
      };
    },
  };
  const unavailable = () => obstacleToAdds({ session, sync, changes, keeper, connection, state });
  addNodeMetrics(metrics, { ...deps, state, sync, session, unrecorded, unavailable, spool: spooled });
  const served = {
    ipam: restIpam,
    attacher: session.before(spool.before(attacher)),
    adds: attacher.adds,
    turns: new CniTurns(limits),
    observer: requestMetrics(metrics),
    ...{ garbage, unavailable, metrics, logger },
  };
  return {
    session,
    servers: {
      // only root can open the socket, so whoever uses it may change everything
      socket: createHttpServer({ ...served, connections: limits.connections, mayChange: undefined }),
      tcp: http && createHttpServer({ ...served, connections: limits.tcpConnections, mayChange: deps.mayChange }),
    },
    follow: (signal, stopping) =>
      Promise.all([
        followStore({ sync, changes }, signal),
        reclaim.run(signal),
        guard.run(signal),
        unrecorded.run(signal),
        spool.run(AbortSignal.any([stopping, signal])),
      ]),
  };
}

/** Keeps the state up to date; whether it can be changed is of interest from when it was read. */
async function followStore(
  { sync, changes }: { readonly sync: NodeSync; readonly changes: StoreChanges },
  signal: AbortSignal,
): Promise<void> {
  const read = sync.ready(signal).then(
    () => changes.run(signal),
    () => undefined, // stopped before
  );
  await Promise.all([sync.run(signal), read]);
}
