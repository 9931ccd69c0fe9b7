/** How much coild takes on at the same time. */
export interface ServingLimits {
  /** To the socket for the plugin. */
  readonly connections: number;
  /** To the REST API over TCP. */
  readonly tcpConnections: number;
  /** Calls of the plugin that are worked on: ADDs, and as many others. */
  readonly atOnce: number;
  /** Calls of the plugin that wait for their turn: ADDs, and as many others. */
  readonly waiting: number;
}

/** For the datastore, the kernel, the log, the spool, the runtime, and Node itself. */
const OWN_FILES = 34;
/** The Pod's network namespace, and a socket in it. */
const FILES_OF_A_CALL = 2;
/** A call that waits takes some 20 KB. A node has some hundred Pods. */
const MAX_CONNECTIONS = 1024;
const MAX_WAITING = 480;

/** What can be taken on with so many open files (RLIMIT_NOFILE). With 256 of them 200 calls of the plugin at once can. */
export function servingLimits(openFiles: number): ServingLimits {
  const share = Math.floor(openFiles / 64);
  const atOnce = clamp(share, 2, 32);
  const tcpConnections = clamp(share, 2, 64);
  const left = openFiles - OWN_FILES - tcpConnections - 2 * atOnce * FILES_OF_A_CALL;
  return { connections: clamp(left, 16, MAX_CONNECTIONS), tcpConnections, atOnce, waiting: MAX_WAITING };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
