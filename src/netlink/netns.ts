import { closeSync, constants as fileConstants, fstatSync, openSync, statfsSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { NetlinkError } from './netlink-error.ts';
import { ioctl, setns } from './syscalls.ts';

const CLONE_NEWNET = 0x40000000;
const NSFS_MAGIC = 0x6e736673; // linux/magic.h
const NS_GET_NSTYPE = 0xb703; // ioctl_ns(2)
// of the calling thread: namespaces are a property of threads
const OWN = '/proc/thread-self/ns/net';

/** What makes two paths the same namespace. */
export interface NetnsIdentity {
  readonly device: bigint;
  readonly inode: bigint;
}

/** A network namespace held open: it lives as long as this does. */
export class Netns implements Disposable {
  readonly path: string;
  readonly fd: number;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.fd = fd;
  }

  /** @throws {NetlinkError} ENOENT where the path is not there; EINVAL where it is not a network namespace */
  static open(path: string): Netns {
    const netns = new Netns(path, openFile(path));
    try {
      requireNetns(netns);
      return netns;
    } catch (error) {
      netns[Symbol.dispose]();
      throw error;
    }
  }

  get identity(): NetnsIdentity {
    const { dev, ino } = fstatSync(this.fd, { bigint: true });
    return { device: dev, inode: ino };
  }

  /** Whether both are one namespace; never so while one was there after the other had gone, and none was held open. */
  equals(other: Netns): boolean {
    const [mine, theirs] = [this.identity, other.identity];
    return mine.device === theirs.device && mine.inode === theirs.inode;
  }

  /**
   * Runs `action` with the calling thread in this namespace. It must be synchronous: an asynchronous one would go on
   * outside, and everything else on the event loop inside.
   */
  run<T>(action: () => T extends PromiseLike<unknown> ? never : T): T {
    const own = new Netns(OWN, openFile(OWN));
    try {
      setns(this.fd, CLONE_NEWNET);
      try {
        return action();
      } finally {
        comeBack(own);
      }
    } finally {
      own[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

/** The calling thread's own namespace. */
export function ownNetns(): Netns {
  return Netns.open(OWN);
}

/** `ip netns exec`, for a synchronous function. @throws {NetlinkError} as `Netns.open`, and what `action` throws */
export function withNetns<T>(path: string, action: () => T extends PromiseLike<unknown> ? never : T): T {
  const netns = Netns.open(path);
  try {
    return netns.run(action);
  } finally {
    netns[Symbol.dispose]();
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, fileConstants.O_RDONLY | fileConstants.O_NONBLOCK);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).errno;
    throw new NetlinkError(`open ${path}`, -(errno ?? -constants.errno.EIO), {}, { cause: error });
  }
}

function requireNetns(netns: Netns): void {
  const onNsfs = statfsSync(`/proc/self/fd/${netns.fd}`).type === NSFS_MAGIC;
  if (!onNsfs || ioctl(netns.fd, NS_GET_NSTYPE) !== CLONE_NEWNET) {
    throw new NetlinkError(`open ${netns.path}`, constants.errno.EINVAL, { message: 'not a network namespace' });
  }
}

/**
 * A process that stayed in a Pod's namespace would set up that Pod instead of the node from then on, so it ends here,
 * before it can do anything else.
 */
function comeBack(own: Netns): void {
  try {
    setns(own.fd, CLONE_NEWNET);
  } catch (error) {
    writeSync(2, `fatal: cannot return to the process's own network namespace: ${String(error)}\n`);
    process.abort();
  }
}
