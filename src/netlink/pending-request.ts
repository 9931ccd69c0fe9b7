import { constants } from 'node:os';
import { decodeAcknowledgement, type Message, MessageFlag, MessageType } from './message.ts';
import { NetlinkError } from './netlink-error.ts';
import type { Outcome, Request } from './request.ts';

/** A request that was sent, and what has been answered to it so far. */
export class PendingRequest<T = unknown> {
  readonly request: Request<T>;
  readonly values: T[] = [];
  #over = false;
  #interrupted = false;
  #error: Error | undefined;

  constructor(request: Request<T>) {
    this.request = request;
  }

  /** Whether the last answer has come. */
  get over(): boolean {
    return this.#over;
  }

  /** The kernel's table changed while it was dumped: what was read is not of one moment. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  get error(): Error | undefined {
    return this.#error;
  }

  /** What came of a request with at most one answer. */
  get outcome(): Outcome<T> {
    if (this.#error !== undefined) return { error: this.#error };
    if (this.request.decode !== undefined && this.values.length === 0) {
      return { error: new NetlinkError(this.request.operation, constants.errno.EBADMSG, { message: 'no answer' }) };
    }
    return { value: this.values[0] as T };
  }

  /** Nothing more will come. */
  end(): void {
    this.#over = true;
  }

  accept(message: Message): void {
    if ((message.flags & MessageFlag.dumpInterrupted) !== 0) this.#interrupted = true;
    try {
      this.#accept(message);
    } catch (error) {
      // an answer that cannot be read must not keep the others from being matched
      this.fail(error as Error);
    }
  }

  /** `error` is kept where nothing went wrong before. */
  fail(error: Error): void {
    this.#over = true;
    this.#error ??= error;
  }

  /** Like `fail`, for what befell the socket. */
  failWith(errno: number, cause: unknown): void {
    this.fail(new NetlinkError(this.request.operation, errno, {}, { cause }));
  }

  #accept(message: Message): void {
    switch (message.type) {
      case MessageType.noop:
        return;
      case MessageType.overrun:
        this.failWith(constants.errno.ENOBUFS, undefined);
        return;
      case MessageType.error:
      case MessageType.done: {
        const { errno, report } = decodeAcknowledgement(message);
        this.#over = true;
        if (errno !== 0) this.fail(new NetlinkError(this.request.operation, errno, report));
        return;
      }
      default: {
        const value = this.request.decode?.(message.body);
        if (value !== undefined) this.values.push(value);
      }
    }
  }
}
