import { constants } from 'node:os';
import { type Announcement, decodeAnnouncement } from './announcement.ts';
import { decodeMessages } from './message.ts';
import { NetlinkError } from './netlink-error.ts';
import { type Netns, withNetns } from './netns.ts';
import { NetlinkProtocol, openSocket } from './open-socket.ts';
import { close, receiveNow } from './syscalls.ts';

/** An announcement is one message of some 2 KB at most, also of a link with all its statistics; room for 32 KiB. */
const BUFFER_BYTES = 32768;
const NEVER_WAITS_MS = 1000;
/** How often one looks. */
const LOOK_MS = 150;

export interface SubscriptionOptions {
  /** Bits of `MulticastGroup`. */
  readonly groups: number;
  /** How much the kernel keeps for the next look; it counts some 1 KB a message. 1 MiB by default. */
  readonly receiveBufferBytes?: number;
}

/** What one look found. */
export interface Received {
  /** In the order in which they happened. */
  readonly announcements: readonly Announcement[];
  /** Some were dropped before these: whatever is known must be compared with what is. */
  readonly lost: boolean;
  /** There may be more already. */
  readonly more: boolean;
}

/**
 * Hears what the kernel announces in the namespace that it was opened in. Node cannot wait for such a descriptor (libuv
 * takes files, pipes, terminals, TCP and UDP), and a receive that waits would keep one of the four worker threads for
 * ever; so `receive` never waits, and its owner looks from time to time.
 */
export class Subscription implements Disposable {
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #draining = false;
  #closed = false;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** In the namespace of a path, or one held open. @throws {NetlinkError} as `Netns.open` */
  static openAt(netns: string | Netns, options: SubscriptionOptions): Subscription {
    const open = () => openSocket({ protocol: NetlinkProtocol.route, receiveTimeoutMs: NEVER_WAITS_MS, ...options });
    return new Subscription(typeof netns === 'string' ? withNetns(netns, open) : netns.run(open));
  }

  /**
   * At most `limit` announcements, without waiting for any. After a loss the kernel drops, without saying so again, what
   * does not fit until everything was read (NETLINK_S_CONGESTED); so the rest is dropped here, and a loss is told only
   * when the queue is empty: what happens after that is announced.
   * @throws {NetlinkError} EBADF where it is closed
   */
  receive(limit: number): Received {
    const announcements: Announcement[] = [];
    for (let count = 0; count < limit; count++) {
      const bytes = this.#next();
      if (bytes === undefined) {
        const lost = this.#draining;
        this.#draining = false;
        return { announcements, lost, more: false };
      }
      if (bytes === 'lost') this.#draining = true;
      if (this.#draining) announcements.length = 0;
      else if (bytes !== 'lost') announcements.push(...decode(bytes));
    }
    return { announcements, lost: false, more: true };
  }

  /**
   * Looks until there is something, first at once and then every `LOOK_MS`; undefined once `signal` is aborted. The looks
   * do not keep a process running. A look that finds nothing is one system call.
   * @throws {NetlinkError} EBADF where it is closed
   */
  async heard(limit: number, signal: AbortSignal): Promise<Received | undefined> {
    if (signal.aborted) return undefined;
    const first = this.receive(limit);
    if (!isNothing(first)) return first;
    const { promise, resolve, reject } = Promise.withResolvers<Received | undefined>();
    const onAbort = () => resolve(undefined);
    signal.addEventListener('abort', onAbort, { once: true });
    // one timer for all looks, and nothing that waits for it: the looks are all that an idle process does
    const timer = setInterval(() => {
      try {
        const received = this.receive(limit);
        if (!isNothing(received)) resolve(received);
      } catch (error) {
        reject(error);
      }
    }, LOOK_MS).unref();
    try {
      return await promise;
    } finally {
      clearInterval(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** The next datagram; undefined where there is none. */
  #next(): Uint8Array | 'lost' | undefined {
    if (this.#closed) throw new NetlinkError('recv', constants.errno.EBADF);
    try {
      const length = receiveNow(this.#fd, this.#buffer);
      if (length === undefined) return undefined;
      return length <= this.#buffer.length ? this.#buffer.subarray(0, length) : 'lost';
    } catch (error) {
      if (NetlinkError.is(error, 'ENOBUFS')) return 'lost';
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (!this.#closed) close(this.#fd);
    this.#closed = true;
  }
}

function isNothing({ announcements, lost, more }: Received): boolean {
  return announcements.length === 0 && !lost && !more;
}

function decode(bytes: Uint8Array): Announcement[] {
  return decodeMessages(bytes).flatMap((message) => decodeAnnouncement(message) ?? []);
}
