import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.ts';

/** A link to a server that can be cut, can fall silent in one or both directions, and can be refused. */
export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #links = new Set<{ client: Socket; server: Socket }>();
  #listener: Server | undefined;
  #silent = { requests: false, answers: false };

  private constructor(port: number, target: { host: string; port: number }) {
    this.port = port;
    this.#target = target;
  }

  static async to(target: { host: string; port: number }): Promise<TcpProxy> {
    const proxy = new TcpProxy(await freePort(), target);
    await proxy.accept();
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Takes connections again. */
  async accept(): Promise<void> {
    if (this.#listener) return;
    this.#listener = createServer((client) => this.#link(client)).listen(this.port, '127.0.0.1');
    await once(this.#listener, 'listening');
  }

  /** Ends all connections, and refuses new ones. */
  async refuse(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.close();
    this.cut();
    if (listener?.listening) await once(listener, 'close');
  }

  /** Resets all connections; new ones are taken. */
  cut(): void {
    for (const { client, server } of this.#links) {
      client.resetAndDestroy();
      server.destroy();
    }
  }

  /** Lets nothing through any more, though all connections stay: what a lost cable looks like. */
  silence(directions: { requests: boolean; answers: boolean } = { requests: true, answers: true }): void {
    this.#silent = directions;
  }

  #link(client: Socket): void {
    const server = connect(this.#target);
    const link = { client, server };
    this.#links.add(link);
    client.on('data', (data) => this.#silent.requests || server.write(data));
    server.on('data', (data) => this.#silent.answers || client.write(data));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      // an error is followed by close
      one.on('error', () => {});
      one.on('close', () => {
        other.destroy();
        this.#links.delete(link);
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse();
  }
}
