import { dirname } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { CoilError } from '../model/error.ts';
import { abortable } from '../process/abortable.ts';
import { aborted } from '../process/aborted.ts';
import { withDeadline } from '../process/deadline.ts';
import { hostToBind, type ListenAddress } from '../process/listen-address.ts';
import { makeFolder } from '../process/make-folder.ts';
import { type CoildDeps, type CoildOptions, createCoildParts } from './coild-parts.ts';
import { listenUnix } from './unix-listener.ts';

/** What is under way at a shutdown gets this long to finish, all together, */
const SHUTDOWN_MS = 20_000;
/** and each of the two steps after the calls at least this long. */
const STEP_MS = 1000;
/** After it `runCoild` has ended. */
export const STOPPED_MS = SHUTDOWN_MS + 2 * STEP_MS;

/**
 * The node daemon: serves requests until `signal` is aborted, then finishes those under way. What the kernel keeps
 * waiting for longer than STOPPED_MS is given up, which the log tells.
 */
export async function runCoild(options: CoildOptions, deps: CoildDeps, signal: AbortSignal): Promise<void> {
  const { node, socket, http } = options;
  const { logger } = deps;
  const background = new AbortController();
  const { session, servers, follow } = createCoildParts(options, deps, background.signal);
  let following: Promise<unknown> = Promise.resolve();
  const serving = session.run(background.signal);
  serving.catch(() => undefined);
  try {
    const removeSocket = await listenOnSocket(servers.socket, socket);
    try {
      if (http && servers.tcp) await listenOnTcp(servers.tcp, http);
      logger.info('coild is listening', { node, socket, http: http && `${http.host}:${http.port}` });
      // not before: where another coild serves this node, its routes are not to be touched
      following = abortable(session.permitted, background.signal).then(
        () => follow(background.signal, signal),
        () => undefined,
      );
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
    await closeAll([servers.socket, ...(servers.tcp ? [servers.tcp] : [])]);
    await finish('the deletion of links of Pods that are gone', deps.podNetwork.settled());
    background.abort();
    await finish("the care for the node's network and state", Promise.allSettled([following, serving]));
  }
}

async function listenOnSocket(server: FastifyInstance, path: string): Promise<() => Promise<void>> {
  await makeFolder(dirname(path));
  return listenUnix(path, async (temporary) => {
    await server.listen({ path: temporary });
  });
}

async function listenOnTcp(server: FastifyInstance, { host, port }: ListenAddress): Promise<void> {
  try {
    await server.listen({ host: hostToBind({ host, port }), port });
  } catch (cause) {
    throw new CoilError('network', `cannot serve the REST API at ${host}:${port} (--http)`, { cause });
  }
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
