import { constants } from 'node:os';
import { consistentDump } from './consistent-dump.ts';
import { Exchange } from './exchange.ts';
import { MessageFlag } from './message.ts';
import { NetlinkError } from './netlink-error.ts';
import { type Netns, withNetns } from './netns.ts';
import { NetlinkProtocol, openSocket } from './open-socket.ts';
import { PendingRequest } from './pending-request.ts';
import { type Outcome, type Outcomes, type Request, unwrap } from './request.ts';
import { SerialQueue } from './serial-queue.ts';
import { close } from './syscalls.ts';

export interface NetlinkSocketOptions {
  /** One of `NetlinkProtocol`; rtnetlink by default. */
  readonly protocol?: number;
  /** How long an answer may take; 10000 by default. The kernel's own wait for its rtnl lock is not in it. */
  readonly receiveTimeoutMs?: number;
}

/** As many acknowledgements as the receive buffer holds under the kernel's default limits. */
const REQUESTS_PER_SEND = 64;

/**
 * A netlink socket. It belongs to the network namespace that it was opened in, for ever and from every thread. Calls
 * may overlap; they are served one after the other. What was sent cannot be taken back: an AbortSignal has an effect
 * on what still waits for its turn.
 */
export class NetlinkSocket implements Disposable, AsyncDisposable {
  readonly #fd: number;
  readonly #exchange: Exchange;
  readonly #queue = new SerialQueue();
  #closing: Promise<void> | undefined;

  private constructor(fd: number) {
    this.#fd = fd;
    this.#exchange = new Exchange(fd);
  }

  /** In the calling thread's own namespace. @throws {NetlinkError} */
  static open(options: NetlinkSocketOptions = {}): NetlinkSocket {
    const { protocol = NetlinkProtocol.route, receiveTimeoutMs = 10_000 } = options;
    return new NetlinkSocket(openSocket({ protocol, receiveTimeoutMs }));
  }

  /** In the namespace of a path, or one held open. @throws {NetlinkError} as `Netns.open` */
  static openAt(netns: string | Netns, options: NetlinkSocketOptions = {}): NetlinkSocket {
    const open = (): NetlinkSocket => NetlinkSocket.open(options);
    return typeof netns === 'string' ? withNetns(netns, open) : netns.run(open);
  }

  /** @throws {NetlinkError}, or the signal's reason */
  async request<T>(request: Request<T>, signal?: AbortSignal): Promise<T> {
    const [outcome] = await this.batch([request], signal);
    return unwrap(outcome);
  }

  /**
   * Sends all at once; the kernel tries each, whatever came of those before it. Rejects only where nothing was sent;
   * each request's own failure is in its outcome.
   */
  async batch<const R extends readonly Request<unknown>[]>(requests: R, signal?: AbortSignal): Promise<Outcomes<R>> {
    const outcomes: Outcome<unknown>[] = [];
    await this.#run(async () => {
      for (let at = 0; at < requests.length; at += REQUESTS_PER_SEND) {
        const pending = requests.slice(at, at + REQUESTS_PER_SEND).map((request) => new PendingRequest(request));
        await this.#exchange.run(pending, MessageFlag.ack);
        outcomes.push(...pending.map((item) => item.outcome));
      }
    }, signal);
    return outcomes as Outcomes<R>;
  }

  /** All entries of a table, as they were at one moment. @throws {NetlinkError}, or the signal's reason */
  dump<T>(request: Request<T>, signal?: AbortSignal): Promise<Exclude<T, undefined>[]> {
    const exchange = (pending: PendingRequest<T>) => this.#exchange.run([pending], MessageFlag.dump);
    return this.#run(() => consistentDump(request, exchange, signal), signal);
  }

  /** What is under way is answered first; what still waits for its turn, and what comes later, gets EBADF. */
  close(): Promise<void> {
    // the descriptor's number must not be given to another file while a worker thread uses it
    this.#closing ??= this.#queue.idle().then(() => close(this.#fd));
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.dispose](): void {
    void this.close();
  }

  #run<T>(action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#queue.run(async () => {
      if (this.#closing !== undefined) throw new NetlinkError('send', constants.errno.EBADF);
      return await action();
    }, signal);
  }
}
