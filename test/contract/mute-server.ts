import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** Takes connections, reads what comes, and never says a word. */
export class MuteServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #heard = Promise.withResolvers<void>();

  private constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', () => this.#heard.resolve());
    });
  }

  /** @param path of a unix socket; by default, a port of the loopback interface */
  static async listen(path?: string): Promise<MuteServer> {
    const mute = new MuteServer();
    if (path === undefined) mute.#server.listen(0, '127.0.0.1');
    else mute.#server.listen(path);
    await once(mute.#server, 'listening');
    return mute;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Waits until somebody has said something. */
  async heard(): Promise<void> {
    await this.#heard.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
