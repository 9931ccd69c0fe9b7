import { CoilError } from '../model/error.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import { NetlinkSocket } from '../netlink/netlink-socket.ts';
import { Netns } from '../netlink/netns.ts';
import { networkError } from './network-error.ts';

/** What says that there is no namespace at the path, as against that it could not be opened now. */
const NOT_THERE = ['ENOENT', 'ENOTDIR', 'EINVAL', 'EISDIR', 'ESRCH', 'ELOOP', 'ENAMETOOLONG', 'ENXIO'];

/**
 * @param node the node's own namespace, which a Pod must not be set up in
 * @throws {CoilError} netns-not-found; network
 */
export function openPodNetns(path: string, node: Netns): Netns {
  const netns = open(path);
  if (!netns.equals(node)) return netns;
  netns[Symbol.dispose]();
  throw new CoilError('netns-not-found', `${path} is the network namespace of the node itself, not of a Pod`);
}

/** Undefined where there is no path, or no network namespace of a Pod at it. @throws {CoilError} network */
export function tryOpenPodNetns(path: string | undefined, node: Netns): Netns | undefined {
  if (path === undefined || path === '') return undefined;
  try {
    return openPodNetns(path, node);
  } catch (error) {
    if (CoilError.is(error, 'netns-not-found')) return undefined;
    throw error;
  }
}

/** Runs `action`, which may ask for a socket in `netns`; closes both after it. */
export async function withSocketIn<T>(netns: Netns, action: (socket: () => NetlinkSocket) => Promise<T>): Promise<T> {
  let socket: NetlinkSocket | undefined;
  const open = (): NetlinkSocket => {
    socket ??= NetlinkSocket.openAt(netns);
    return socket;
  };
  try {
    return await action(open);
  } finally {
    await socket?.close();
    netns[Symbol.dispose]();
  }
}

function open(path: string): Netns {
  try {
    return Netns.open(path);
  } catch (error) {
    if (NetlinkError.is(error, ...NOT_THERE)) {
      throw new CoilError('netns-not-found', `no network namespace at ${path}: ${error.message}`, { cause: error });
    }
    throw networkError(`network namespace ${path}`, error);
  }
}
