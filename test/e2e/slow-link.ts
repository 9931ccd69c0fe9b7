import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { withNetns } from '../../src/netlink/netns.ts';

/** Passes connections on to a server, everything so many milliseconds late in each direction. */
export class SlowLink implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on all addresses of a network namespace. */
  static async listen(netns: string, port: number, target: NetConnectOpts, delayMs: number): Promise<SlowLink> {
    const link: SlowLink = new SlowLink(createServer((client) => link.#pass(client, connect(target), delayMs)));
    const listening = once(link.#server, 'listening');
    // listen(2) without a host happens in this very call, so that the socket is the namespace's
    withNetns(netns, () => void link.#server.listen(port));
    await listening;
    return link;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pass(client: Socket, server: Socket, delayMs: number): void {
    this.#pipe(client, server, delayMs);
    this.#pipe(server, client, delayMs);
  }

  #pipe(from: Socket, to: Socket, delayMs: number): void {
    this.#sockets.add(from);
    from.on('error', () => undefined); // either end may reset the connection
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    // timers of one length fire in the order in which they were set
    from.on('data', (bytes: Buffer) => setTimeout(() => to.write(bytes), delayMs));
    from.on('end', () => setTimeout(() => to.end(), delayMs));
  }
}
