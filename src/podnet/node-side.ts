import { NetlinkSocket } from '../netlink/netlink-socket.ts';
import { Netns, ownNetns } from '../netlink/netns.ts';

/** The node's network namespace, held open, and a socket in it; opened when first used. */
export class NodeSide implements AsyncDisposable {
  readonly #path: string | undefined;
  #netns: Netns | undefined;
  #socket: NetlinkSocket | undefined;

  /** @param path that of the process itself where absent */
  constructor(path?: string) {
    this.#path = path;
  }

  /** @throws {NetlinkError} */
  get netns(): Netns {
    this.#netns ??= this.#path === undefined ? ownNetns() : Netns.open(this.#path);
    return this.#netns;
  }

  /** @throws {NetlinkError} */
  get socket(): NetlinkSocket {
    this.#socket ??= this.openSocket();
    return this.#socket;
  }

  /** A further one, for what must not keep others waiting. @throws {NetlinkError} */
  openSocket(): NetlinkSocket {
    return NetlinkSocket.openAt(this.netns);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket?.close();
    this.#socket = undefined;
    this.#netns?.[Symbol.dispose]();
    this.#netns = undefined;
  }
}
