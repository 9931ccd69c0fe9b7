import { GrpcConnection } from '../../grpc/grpc-connection.ts';
import { GRPC_STATUS, GrpcError } from '../../grpc/grpc-error.ts';
import type { GrpcMethod } from '../../grpc/grpc-method.ts';
import type { GrpcStream } from '../../grpc/grpc-stream.ts';
import { CoilError } from '../../model/error.ts';
import { abortable } from '../../process/abortable.ts';
import { createTlsContext, type EtcdConfig, parseEndpoints } from './etcd-config.ts';
import { isAuthOff, isEndpointError, isStaleToken, isUnsent, reasonOf, unavailable } from './etcd-error.ts';
import { EtcdLogin } from './etcd-login.ts';
import type {
  LeaseResponse,
  RequestOp,
  TxnRequest,
  TxnResponse,
  WatchRequest,
  WatchResponse,
} from './etcd-messages.ts';
import { AUTHENTICATE, TXN, WATCH } from './etcd-protocol.ts';

const REQUEST_TIMEOUT_MS = 5000;
/** What is left of it where an endpoint took all its time, and did not connect. */
const BEYOND_DIAL_MS = 3000;

/** Requests that ask for watches, and what etcd answers. */
export type WatchCall = GrpcStream<WatchRequest, WatchResponse>;

/** One call to etcd, whichever endpoint it goes to. */
interface Call {
  /** Whether it may be carried out twice, as what only reads may. */
  readonly repeatable: boolean;
  /** Whether it changes nothing. */
  readonly reads: boolean;
  /** `performance.now()` at which it is given up. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

type Metadata = Readonly<Record<string, string>>;

/**
 * etcd's transactions and watches, over the first endpoint that can be connected. A change is given to another endpoint
 * only as long as it has not been sent, so that it is never carried out twice; what only reads is given to another in
 * any case. Every call ends with its signal, and after `requestTimeoutMs`; every failure is a CoilError
 * store-unavailable that names endpoints and call.
 */
export class EtcdClient implements AsyncDisposable {
  readonly urls: readonly string[];
  readonly #connections: readonly GrpcConnection[];
  readonly #requestTimeoutMs: number;
  readonly #login: EtcdLogin | undefined;
  /** The endpoint that is asked first: the last one that answered. */
  #preferred = 0;
  #requests = 0;
  #isClosed = false;

  /** @throws {CoilError} invalid-argument: an endpoint is no URL, a certificate cannot be read */
  constructor(config: EtcdConfig) {
    const endpoints = parseEndpoints(config);
    const tlsContext = createTlsContext(config);
    const { dialTimeoutMs = 2000, keepaliveMs = 10_000, username, password = '' } = config;
    const { requestTimeoutMs = Math.max(REQUEST_TIMEOUT_MS, dialTimeoutMs + BEYOND_DIAL_MS) } = config;
    const options = { dialTimeoutMs, keepaliveMs, callTimeoutMs: requestTimeoutMs };
    this.#connections = endpoints.map(
      ({ url, tls }) => new GrpcConnection(url, tls ? { ...options, secureContext: tlsContext() } : options),
    );
    this.urls = endpoints.map(({ url }) => url);
    this.#requestTimeoutMs = requestTimeoutMs;
    if (username) this.#login = new EtcdLogin(async () => await this.#authenticate({ name: username, password }));
  }

  /** Number of requests so far. */
  get requests(): number {
    return this.#requests;
  }

  /** @param what completes "cannot …" in errors */
  async transact(what: string, request: TxnRequest, signal: AbortSignal): Promise<TxnResponse> {
    const call = this.#call(signal, { repeatable: false });
    return await this.#authorized(what, call, async (metadata) => this.#send(TXN, request, call, metadata));
  }

  /** Reads at one revision. */
  async read(what: string, ranges: readonly RequestOp[], signal: AbortSignal): Promise<TxnResponse> {
    const call = this.#call(signal, { repeatable: true, reads: true });
    return await this.#authorized(what, call, async (metadata) => this.#send(TXN, { success: ranges }, call, metadata));
  }

  /** Makes a call about a lease. What it does may be done twice. */
  async lease<Request>(
    what: string,
    method: GrpcMethod<Request, LeaseResponse>,
    request: Request,
    signal: AbortSignal,
  ): Promise<LeaseResponse> {
    const call = this.#call(signal, { repeatable: true });
    return await this.#authorized(what, call, async (metadata) => this.#send(method, request, call, metadata));
  }

  /** Opens a stream of watches; it ends when the client is closed. */
  async openWatch(what: string, signal: AbortSignal): Promise<WatchCall> {
    const call = this.#call(signal, { repeatable: false });
    return await this.#authorized(what, call, async (metadata) => {
      // a member that is cut off from its cluster ends the stream, instead of staying silent
      const headers = { ...metadata, hasleader: 'true' };
      return (this.#connected() ?? (await this.#connect(call))).open(WATCH, headers);
    });
  }

  #call<Signal extends AbortSignal | undefined>(
    signal: Signal,
    { repeatable, reads = false }: Pick<Call, 'repeatable'> & Partial<Pick<Call, 'reads'>>,
  ) {
    return { repeatable, reads, signal, deadline: performance.now() + this.#requestTimeoutMs };
  }

  async #authorized<T>(
    what: string,
    call: Call & { readonly signal: AbortSignal },
    make: (metadata?: Metadata) => Promise<T>,
  ): Promise<T> {
    call.signal.throwIfAborted();
    try {
      return await (this.#login ? this.#withToken(this.#login, call, make) : make());
    } catch (error) {
      if (call.signal.aborted || CoilError.is(error)) throw error;
      const reason = this.#isClosed ? 'the store was closed' : reasonOf(error);
      throw unavailable(this.urls, what, { reason, cause: error, unchanged: call.reads || isUnsent(error) });
    }
  }

  async #withToken<T>(login: EtcdLogin, call: Call, make: (metadata?: Metadata) => Promise<T>): Promise<T> {
    const ended = () => endOf(call);
    const token = await login.token(ended);
    try {
      return await make(metadataOf(token));
    } catch (error) {
      if (!isStaleToken(error)) throw error;
      login.forget(token);
      return await make(metadataOf(await login.token(ended)));
    }
  }

  /** As v1, a user is let in too before authentication is switched on: so it can be, while programs run. */
  async #authenticate(user: { name: string; password: string }): Promise<string> {
    const call = this.#call(undefined, { repeatable: true });
    try {
      return (await this.#send(AUTHENTICATE, user, call)).token;
    } catch (error) {
      if (isAuthOff(error)) return '';
      throw error;
    }
  }

  /** Sends a request once; or again, to the next endpoint, as long as no endpoint has got it, or it may be repeated. */
  async #send<Request, Response>(
    method: GrpcMethod<Request, Response>,
    request: Request,
    call: Call,
    metadata?: Metadata,
  ): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const connection = this.#connected() ?? (await this.#connect(call));
      this.#requests++;
      try {
        const timeoutMs = call.deadline - performance.now();
        return await connection.call(method, request, { metadata, timeoutMs, signal: call.signal });
      } catch (error) {
        const isEndpoints = isEndpointError(error);
        if (isEndpoints) this.#avoid(connection);
        const isOver = attempt > this.#connections.length || performance.now() >= call.deadline;
        const isAnothers = call.repeatable && isEndpoints && this.#connections.length > 1;
        if (isOver || !(isUnsent(error) || isAnothers)) throw error;
      }
    }
  }

  #connected(): GrpcConnection | undefined {
    const connection = this.#connections[this.#preferred]!;
    return connection.isConnected ? connection : undefined;
  }

  #avoid(connection: GrpcConnection): void {
    if (this.#connections[this.#preferred] === connection)
      this.#preferred = (this.#preferred + 1) % this.#connections.length;
  }

  /** The first endpoint that can be connected, beginning with the one that answered last. */
  async #connect(call: Call): Promise<GrpcConnection> {
    const ended = endOf(call);
    const first = this.#preferred;
    const reasons = new Set<string>();
    for (let i = 0; i < this.#connections.length; i++) {
      const index = (first + i) % this.#connections.length;
      const connection = this.#connections[index]!;
      try {
        await abortable(connection.connect(), ended);
        this.#preferred = index;
        return connection;
      } catch (error) {
        if (this.#isClosed) throw error;
        call.signal?.throwIfAborted();
        reasons.add(ended.aborted ? `no connection within ${this.#requestTimeoutMs} ms` : reasonOf(error));
      }
    }
    throw new GrpcError([...reasons].join('; '), { code: GRPC_STATUS.unavailable, sent: false });
  }

  /** Ends what is under way, and closes all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const connection of this.#connections) connection.close();
  }
}

function metadataOf(token: string): Metadata | undefined {
  return token === '' ? undefined : { token };
}

/** Aborted when the call is, or late. It costs more than a call: only for what is rare. */
function endOf({ deadline, signal }: Call): AbortSignal {
  const late = AbortSignal.timeout(Math.max(0, Math.ceil(deadline - performance.now())));
  return signal ? AbortSignal.any([signal, late]) : late;
}
