import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { withNetns } from '../../src/netlink/netns.ts';

export interface RelayOptions {
  /** A socket's path, or a port of a network namespace, on which all its addresses are listened to. */
  readonly listen: { readonly path: string } | { readonly netns: string; readonly port: number };
  readonly target: NetConnectOpts;
  /** Told of what is on its way, when it has been sent on. */
  readonly forwarded?: (direction: 'request' | 'answer', bytes: Buffer) => void;
  /** Whether answers are held back. */
  readonly holdAnswers?: boolean;
}

/** Passes connections on to a server, until the link is cut. Where a client goes, so does its connection behind. */
export class Relay implements AsyncDisposable {
  readonly #options: RelayOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;
  #isHeld = false;

  private constructor(options: RelayOptions) {
    this.#options = options;
    this.#server = createServer((client) => this.#pass(client));
  }

  static async listen(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options);
    const { listen } = options;
    const listening = once(relay.#server, 'listening');
    // listen(2) without a host happens in this very call, so that the socket is the namespace's
    if ('path' in listen) relay.#server.listen(listen.path);
    else withNetns(listen.netns, () => void relay.#server.listen(listen.port));
    await listening;
    return relay;
  }

  /** Ends all connections, and lets no new one through until `restore`. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  restore(): void {
    this.#cut = false;
  }

  /** Keeps all that comes, in both directions, until `release`: the connections stay, and say nothing. */
  hold(): void {
    this.#isHeld = true;
    for (const socket of this.#sockets) socket.pause();
  }

  release(): void {
    this.#isHeld = false;
    for (const socket of this.#sockets) socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pass(client: Socket): void {
    if (this.#cut) {
      client.destroy();
      return;
    }
    const server = connect(this.#options.target);
    this.#pipe('request', client, server);
    this.#pipe('answer', server, client);
  }

  #pipe(direction: 'request' | 'answer', from: Socket, to: Socket): void {
    const { forwarded, holdAnswers = false } = this.#options;
    this.#sockets.add(from);
    from.on('error', () => undefined); // either end may reset the connection: that is what tests do
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    from.on('data', (bytes: Buffer) => {
      if (direction === 'answer' && holdAnswers) forwarded?.(direction, bytes);
      else to.write(bytes, () => forwarded?.(direction, bytes));
    });
    from.on('end', () => to.end());
    if (this.#isHeld) from.pause();
  }
}
