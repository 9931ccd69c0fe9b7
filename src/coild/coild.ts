import type { Socket } from 'node:net';
import { dirname } from 'node:path';
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
import { CoilError } from '../model/error.ts';
import type { BlockExporter } from '../podnet/block-exporter.ts';
import type { HostSide } from '../podnet/host-side.ts';
import type { NetworkChanges } from '../podnet/network-changes.ts';
import { abortable } from '../process/abortable.ts';
import { withDeadline } from '../process/deadline.ts';
import { hostToBind, type ListenAddress } from '../process/listen-address.ts';
import { makeFolder } from '../process/make-folder.ts';
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
import { listenUnix } from './unix-listener.ts';

/** What is under way at a shutdown gets this long to finish, all together, */
const SHUTDOWN_MS = 20_000;
/** and each of the two steps after the calls at least this long. */
const STEP_MS = 1000;
/** After it `runCoild` has ended. */
export const STOPPED_MS = SHUTDOWN_MS + 2 * STEP_MS;

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

/**
 * The node daemon: serves requests until `signal` is aborted, then finishes those under way. What the kernel keeps
 * waiting for longer than STOPPED_MS is given up, which the log tells.
 */
export async function runCoild(options: CoildOptions, deps: CoildDeps, signal: AbortSignal): Promise<void> {
  const { node, socket, http } = options;
  const { logger, connection } = deps;
  const background = new AbortController();
  const state = new NodeState(options, deps);
  const isOffline = () => connection?.isOffline ?? false;
  const storeChanges = new StoreChanges({ ...deps, isOffline });
  const keeper = new BlockKeeper(options, { ...deps, store: storeChanges, state, isOffline });
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
    { ...deps, store: storeChanges, state, keeper, sync: permittedSync, signal: background.signal },
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
  const spool = new DelSpool({ folder: spoolFolder(socket) }, { ...deps, attacher });
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
  const unavailable = () => obstacleToAdds({ session, sync, changes: storeChanges, keeper, connection, state });
  addNodeMetrics(deps.metrics, { ...deps, state, sync, session, unrecorded, unavailable, spool: spoolFolder(socket) });
  const observer = requestMetrics(deps.metrics);
  const turns = new CniTurns(options.limits);
  const serve = (connections: number, mayChange?: CoildDeps['mayChange']) =>
    createHttpServer({
      ipam: restIpam,
      attacher: session.before(spool.before(attacher)),
      garbage,
      adds: attacher.adds,
      turns,
      connections,
      unavailable,
      mayChange,
      metrics: deps.metrics,
      observer,
      logger,
    });

  // only root can open the socket, so whoever uses it may change everything
  const servers: FastifyInstance[] = [];
  let following: Promise<unknown> = Promise.resolve();
  const serving = session.run(background.signal);
  serving.catch(() => undefined);
  try {
    servers.push(serve(options.limits.connections));
    const removeSocket = await listenOnSocket(servers[0]!, socket);
    try {
      if (http) servers.push(await listenOnTcp(serve(options.limits.tcpConnections, deps.mayChange), http));
      logger.info('coild is listening', { node, socket, http: http && `${http.host}:${http.port}` });
      // not before: where another coild serves this node, its routes are not to be touched
      const loops = () =>
        Promise.all([
          follow({ sync, changes: storeChanges }, background.signal),
          reclaim.run(background.signal),
          guard.run(background.signal),
          unrecorded.run(background.signal),
          spool.run(AbortSignal.any([signal, background.signal])),
        ]);
      following = abortable(session.permitted, background.signal).then(loops, () => undefined);
      await Promise.race([serving, aborted(signal)]);
      logger.info('stopping: finishing the requests under way');
    } finally {
      await removeSocket();
    }
  } finally {
    const end = deps.clock() + SHUTDOWN_MS;
    const finish = async (what: string, work: Promise<unknown>) => {
      const options = { ms: Math.max(STEP_MS, end - deps.clock()), signal: new AbortController().signal };
      await withDeadline(options, () => work).catch((error: unknown) =>
        logger.warn('stopping without what does not end', { what, error }),
      );
    };
    await closeAll(servers);
    await finish('the deletion of links of Pods that are gone', deps.podNetwork.settled());
    background.abort();
    await finish("the care for the node's network and state", Promise.allSettled([following, serving]));
  }
}

/** Keeps the state up to date; whether it can be changed is of interest from when it was read. */
async function follow(
  { sync, changes }: { sync: NodeSync; changes: StoreChanges },
  signal: AbortSignal,
): Promise<void> {
  const read = sync.ready(signal).then(
    () => changes.run(signal),
    () => undefined, // stopped before
  );
  await Promise.all([sync.run(signal), read]);
}

async function listenOnSocket(server: FastifyInstance, path: string): Promise<() => Promise<void>> {
  await makeFolder(dirname(path));
  return listenUnix(path, async (temporary) => {
    await server.listen({ path: temporary });
  });
}

async function listenOnTcp(server: FastifyInstance, { host, port }: ListenAddress): Promise<FastifyInstance> {
  try {
    await server.listen({ host: hostToBind({ host, port }), port });
    return server;
  } catch (cause) {
    throw new CoilError('network', `cannot serve the REST API at ${host}:${port} (--http)`, { cause });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}

/** Stops accepting at once, and waits for what is under way, within bounds. */
async function closeAll(servers: readonly FastifyInstance[]): Promise<void> {
  const closed = Promise.all(servers.map((server) => server.close()));
  const timer = setTimeout(() => {
    for (const { server } of servers) server.closeAllConnections();
  }, SHUTDOWN_MS);
  await closed;
  clearTimeout(timer);
}
