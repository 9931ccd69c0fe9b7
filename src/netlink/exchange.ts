import { constants } from 'node:os';
import { decodeMessages, encodeMessage, MessageFlag } from './message.ts';
import { concat } from './native-bytes.ts';
import { NetlinkError } from './netlink-error.ts';
import type { PendingRequest } from './pending-request.ts';
import { receive, receiveNow, send } from './syscalls.ts';

/** The kernel sends datagrams of at most 32 KiB; room for twice that. */
const BUFFER_BYTES = 65536;

/** For answers that are there already: each is decoded before anything else runs, so that all sockets share it. */
const SHARED_BUFFER = Buffer.allocUnsafeSlow(BUFFER_BYTES);

/**
 * Sends requests in one datagram and matches the answers by sequence number. The kernel works off the whole datagram
 * inside of `send`, in order, going on after a message that failed; so that is what may wait, and the answers are there
 * when it is over, save for those of a dump. Refusals are answered in any case, so that the last request's
 * acknowledgement is enough for all (netlink_rcv_skb in net/netlink/af_netlink.c). Every wait for an answer is bounded
 * by the socket's SO_RCVTIMEO.
 */
export class Exchange {
  readonly #fd: number;
  /** For answers that a worker thread waits for; few sockets ever need it. */
  #ownBuffer: Buffer | undefined;
  #sequence = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Never rejects: what went wrong is in `pending`. */
  async run(pending: readonly PendingRequest[], flags: number): Promise<void> {
    const awaited = new Map<number, PendingRequest>();
    try {
      await send(this.#fd, this.#encode(pending, flags, awaited));
      const last = pending.at(-1);
      while (last?.over === false) await this.#receiveInto(awaited, (flags & MessageFlag.dump) !== 0);
      for (const request of pending) request.end();
    } catch (error) {
      const errno = NetlinkError.is(error) ? error.errno : constants.errno.EIO;
      for (const request of pending) if (!request.over) request.failWith(errno, error);
    }
  }

  #encode(pending: readonly PendingRequest[], flags: number, awaited: Map<number, PendingRequest>): Uint8Array {
    return concat(
      pending.map((item, i) => {
        const { type, flags: own, body } = item.request;
        const asked = i === pending.length - 1 ? flags : 0;
        this.#sequence = (this.#sequence % 0xffffffff) + 1;
        awaited.set(this.#sequence, item);
        return encodeMessage({ type, flags: MessageFlag.request | asked | own, sequence: this.#sequence, body });
      }),
    );
  }

  async #receiveInto(awaited: Map<number, PendingRequest>, dump: boolean): Promise<void> {
    // each receive of a dump makes the kernel gather the next part, for which it may have to wait
    const length = dump ? undefined : receiveNow(this.#fd, SHARED_BUFFER);
    const answer = length === undefined ? await this.#receive() : cut(SHARED_BUFFER, length);
    for (const message of decodeMessages(answer)) {
      // what nobody awaits answers a request that was given up before
      awaited.get(message.sequence)?.accept(message);
    }
  }

  async #receive(): Promise<Uint8Array> {
    this.#ownBuffer ??= Buffer.allocUnsafeSlow(BUFFER_BYTES);
    for (;;) {
      try {
        return cut(this.#ownBuffer, await receive(this.#fd, this.#ownBuffer));
      } catch (error) {
        if (!NetlinkError.is(error, 'EINTR')) throw error;
      }
    }
  }
}

function cut(buffer: Buffer, length: number): Uint8Array {
  if (length <= buffer.length) return buffer.subarray(0, length);
  throw new NetlinkError('recv', constants.errno.EMSGSIZE, { message: `an answer of ${length} bytes was cut` });
}
