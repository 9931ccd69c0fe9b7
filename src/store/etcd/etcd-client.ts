import type { IRequestOp, ITxnRequest, ITxnResponse } from 'etcd3';
import { CoilError } from '../../model/error.ts';
import { abortable } from '../../process/abortable.ts';
import { type EtcdConfig, parseEndpoints, readTlsCredentials } from './etcd-config.ts';
import { EtcdConnection, type UnaryCall, type WatchCall } from './etcd-connection.ts';
import { isConnectionError, isStaleToken, reasonOf, unavailable } from './etcd-error.ts';

/**
 * etcd's transactions and watches, over the first endpoint that can be connected. A call is given to another endpoint
 * only as long as it has not been sent, so that nothing is ever carried out twice. Every call ends with its signal, and
 * after `requestTimeoutMs`; every failure is a CoilError store-unavailable that names endpoints and call.
 */
export class EtcdClient implements AsyncDisposable {
  readonly #config: EtcdConfig;
  readonly #connections: readonly EtcdConnection[];
  readonly #dialTimeoutMs: number;
  readonly #requestTimeoutMs: number;
  readonly #closed = new AbortController();
  /** The endpoint that is asked first: the last one that answered. */
  #preferred = 0;
  #token: Promise<string> | undefined;
  #requests = 0;

  constructor(config: EtcdConfig) {
    const endpoints = parseEndpoints(config.endpoints);
    const credentials = readTlsCredentials(config);
    this.#config = config;
    this.#dialTimeoutMs = config.dialTimeoutMs ?? 2000;
    this.#requestTimeoutMs = config.requestTimeoutMs ?? 5000;
    this.#connections = endpoints.map((one) => new EtcdConnection(one, credentials, config.keepaliveMs ?? 10_000));
  }

  /** Number of requests so far. */
  get requests(): number {
    return this.#requests;
  }

  get urls(): readonly string[] {
    return this.#connections.map((connection) => connection.url);
  }

  /** @param what completes "cannot …" in errors */
  async transact(what: string, request: ITxnRequest, signal: AbortSignal): Promise<ITxnResponse> {
    return await this.#authorized(what, signal, async (deadline, token, ended) => {
      const connection = await this.#ready('KV', what, deadline, ended);
      const call: UnaryCall = { service: 'KV', method: 'txn', payload: request, deadline, token };
      return await this.#send<ITxnResponse>(connection, call, ended);
    });
  }

  /** Reads at one revision. */
  async read(what: string, ranges: readonly IRequestOp[], signal: AbortSignal): Promise<ITxnResponse> {
    return await this.transact(what, { success: [...ranges] }, signal);
  }

  /** Opens a stream of watches; it ends when the client is closed. The caller listens to its errors. */
  async openWatch(what: string, signal: AbortSignal): Promise<WatchCall> {
    return await this.#authorized(what, signal, async (deadline, token, ended) => {
      const connection = await this.#ready('Watch', what, deadline, ended);
      const call = await connection.watch(token);
      const onClose = () => call.cancel();
      this.#closed.signal.addEventListener('abort', onClose, { once: true });
      call.on('close', () => this.#closed.signal.removeEventListener('abort', onClose));
      return call;
    });
  }

  async #authorized<T>(
    what: string,
    signal: AbortSignal,
    call: (deadline: number, token: string | undefined, ended: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    const ended = AbortSignal.any([signal, this.#closed.signal]);
    const deadline = Date.now() + this.#requestTimeoutMs;
    try {
      const token = this.#config.username ? await this.#login(what, deadline, ended) : undefined;
      try {
        return await call(deadline, token, ended);
      } catch (error) {
        if (token === undefined || !isStaleToken(error)) throw error;
        this.#token = undefined;
        return await call(deadline, await this.#login(what, deadline, ended), ended);
      }
    } catch (error) {
      if (signal.aborted || CoilError.is(error)) throw error;
      throw unavailable(this.urls, what, reasonOf(error), error);
    }
  }

  async #send<Response>(connection: EtcdConnection, call: UnaryCall, ended: AbortSignal): Promise<Response> {
    this.#requests++;
    try {
      return await connection.call<Response>(call, ended);
    } catch (error) {
      if (isConnectionError(error)) this.#preferred = (this.#connections.indexOf(connection) + 1) % this.urls.length;
      throw error;
    }
  }

  /** The first endpoint that can be connected, beginning with the one that answered last. */
  async #ready(
    service: 'KV' | 'Auth' | 'Watch',
    what: string,
    deadline: number,
    ended: AbortSignal,
  ): Promise<EtcdConnection> {
    const count = this.#connections.length;
    for (let i = 0; i < count; i++) {
      const index = (this.#preferred + i) % count;
      const connection = this.#connections[index]!;
      const dialDeadline = Math.min(deadline, Date.now() + this.#dialTimeoutMs);
      if (await abortable(connection.isReady(service, dialDeadline), ended)) {
        this.#preferred = index;
        return connection;
      }
    }
    const reasons = this.#connections.map((connection) => this.#whyNot(connection, ended));
    throw unavailable(this.urls, what, [...new Set(await Promise.all(reasons))].join('; '));
  }

  /** gRPC tells why it is not connected only in the answer to a call: one that changes nothing. */
  async #whyNot(connection: EtcdConnection, ended: AbortSignal): Promise<string> {
    const payload = { key: Buffer.from('\0'), count_only: true };
    const call: UnaryCall = { service: 'KV', method: 'range', payload, deadline: Date.now() + 50 };
    try {
      await connection.call(call, ended);
      return 'the connection was not ready in time';
    } catch (error) {
      ended.throwIfAborted();
      return isConnectionError(error) ? reasonOf(error) : `no connection within ${this.#dialTimeoutMs} ms`;
    }
  }

  /** A token for the user; calls at the same time share one. */
  async #login(what: string, deadline: number, ended: AbortSignal): Promise<string> {
    const login = async (): Promise<string> => {
      const connection = await this.#ready('Auth', what, deadline, this.#closed.signal);
      const payload = { name: this.#config.username, password: this.#config.password ?? '' };
      const call: UnaryCall = { service: 'Auth', method: 'authenticate', payload, deadline };
      return (await this.#send<{ token: string }>(connection, call, this.#closed.signal)).token;
    };
    this.#token ??= login();
    const token = this.#token;
    try {
      return await abortable(token, ended);
    } catch (error) {
      if (this.#token === token) this.#token = undefined;
      throw error;
    }
  }

  /** Ends what is under way, and closes all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(unavailable(this.urls, 'go on', 'the store was closed'));
    for (const connection of this.#connections) connection.close();
  }
}
