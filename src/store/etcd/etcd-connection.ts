import type { Client, ClientDuplexStream, Metadata, ServiceError } from '@grpc/grpc-js';
import type { IOptions, IWatchRequest, IWatchResponse } from 'etcd3';
import { ConnectionPool } from 'etcd3/lib/connection-pool.js';
import type { EtcdEndpoint, TlsCredentials } from './etcd-config.ts';
import { checkIpIdentity, serverNameOptions } from './ip-identity.ts';

/** States of a gRPC channel (grpc/grpc, doc/connectivity-semantics-and-api.md), as grpc-js numbers them. */
const READY = 2;
const BROKEN = [3, 4]; // TRANSIENT_FAILURE, SHUTDOWN

/** etcd3's retries and circuit breakers do not know which calls may be repeated, so that they are left out. */
const NO_POLICY = {
  execute: async <T>(call: (context: { signal: AbortSignal }) => T | PromiseLike<T>) => await call({ signal: NEVER }),
};
const NEVER = new AbortController().signal;

export type WatchCall = ClientDuplexStream<IWatchRequest, IWatchResponse>;

export interface UnaryCall {
  readonly service: 'KV' | 'Auth';
  readonly method: 'range' | 'txn' | 'authenticate';
  readonly payload: unknown;
  readonly token?: string | undefined;
  /** Date.now() at which it is given up. */
  readonly deadline: number;
}

type UnaryMethod = (
  payload: unknown,
  metadata: Metadata,
  options: { deadline: number },
  callback: (error: ServiceError | null, response: unknown) => void,
) => { cancel(): void };

/** The connection to one endpoint; it is made when it is first used, and again when it broke. */
export class EtcdConnection {
  readonly url: string;
  readonly #pool: ConnectionPool;

  constructor({ url, tls }: EtcdEndpoint, credentials: TlsCredentials, keepaliveMs: number) {
    this.url = url;
    const { hostname } = new URL(url);
    this.#pool = new ConnectionPool({
      hosts: url,
      ...(tls ? { credentials } : {}),
      grpcOptions: {
        ...(tls ? serverNameOptions(hostname) : {}),
        // a connection that died without a word is found out even while a watch waits
        'grpc.keepalive_time_ms': keepaliveMs,
        'grpc.keepalive_timeout_ms': Math.ceil(keepaliveMs / 2),
        'grpc.initial_reconnect_backoff_ms': 100,
        'grpc.max_reconnect_backoff_ms': 1000,
        // block documents of all pools are read at once
        'grpc.max_receive_message_length': -1,
      },
      faultHandling: { global: NO_POLICY, host: () => NO_POLICY } as unknown as NonNullable<IOptions['faultHandling']>,
    });
    if (tls) checkIpIdentity(this.#pool, hostname);
  }

  /** Whether the endpoint is connected before `deadline`; false at once where it refuses. */
  async isReady(service: 'KV' | 'Auth' | 'Watch', deadline: number): Promise<boolean> {
    const { client } = await this.#client(service);
    const channel = client.getChannel();
    for (;;) {
      const state = channel.getConnectivityState(true);
      if (state === READY) return true;
      if (BROKEN.includes(state)) return false;
      const changed = await new Promise<boolean>((resolve) =>
        channel.watchConnectivityState(state, deadline, (error) => resolve(!error)),
      );
      if (!changed) return false;
    }
  }

  /** Makes one call, once. Rejects with gRPC's error, or with the signal's reason. */
  async call<Response>(
    { service, method, payload, token, deadline }: UnaryCall,
    signal: AbortSignal,
  ): Promise<Response> {
    const { client, metadata } = await this.#client(service);
    if (token !== undefined) metadata.set('token', token);
    signal.throwIfAborted();
    return await new Promise((resolve, reject) => {
      const onAbort = () => {
        reject(signal.reason);
        call.cancel();
      };
      const unary = (client as unknown as Record<string, UnaryMethod>)[method]!;
      const call = unary.call(client, payload, metadata, { deadline }, (error, response) => {
        signal.removeEventListener('abort', onAbort);
        if (error) reject(error);
        else resolve(response as Response);
      });
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Opens a stream of watches. */
  async watch(token: string | undefined): Promise<WatchCall> {
    const { client, metadata } = await this.#client('Watch');
    if (token !== undefined) metadata.set('token', token);
    // a member that is cut off from its cluster ends the stream, instead of staying silent
    metadata.set('hasleader', 'true');
    const watch = (client as unknown as Record<string, (metadata: Metadata) => WatchCall>).watch!;
    return watch.call(client, metadata);
  }

  async #client(service: 'KV' | 'Auth' | 'Watch'): Promise<{ client: Client; metadata: Metadata }> {
    return await this.#pool.withConnection(service, ({ client, metadata }) => ({ client, metadata: metadata.clone() }));
  }

  close(): void {
    this.#pool.close();
  }
}
