import type { ClientHttp2Session, OutgoingHttpHeaders } from 'node:http2';
import type { SecureContext } from 'node:tls';
import { callUnary } from './grpc-call.ts';
import { dial } from './grpc-dial.ts';
import { GRPC_STATUS, GrpcError } from './grpc-error.ts';
import { FRAME_HEADER_BYTES, fillFrameHeader } from './grpc-frames.ts';
import { GrpcKeepalive } from './grpc-keepalive.ts';
import type { GrpcMethod } from './grpc-method.ts';
import { GrpcStream } from './grpc-stream.ts';

/** After a failed attempt to connect the next one waits: twice as long each time, with jitter. */
const BACKOFF_MS = { first: 100, longest: 1000 } as const;

export interface GrpcConnectionOptions {
  readonly secureContext?: SecureContext | undefined;
  readonly dialTimeoutMs: number;
  /** What the server is told of how long an answer to a single request is waited for; a call may end sooner. */
  readonly callTimeoutMs: number;
  /** A connection with a call under way that says nothing for so long is asked for a sign of life. */
  readonly keepaliveMs: number;
}

export interface CallOptions {
  /** Further headers of the request. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface Link {
  readonly session: ClientHttp2Session;
  readonly keepalive: GrpcKeepalive;
}

/** gRPC (grpc/grpc, doc/PROTOCOL-HTTP2.md) over one HTTP/2 session to one server, made anew when it was lost. */
export class GrpcConnection {
  readonly url: string;
  readonly #options: GrpcConnectionOptions;
  readonly #headers = new Map<string, OutgoingHttpHeaders>();
  #link: Link | undefined;
  #dialling: { readonly session: ClientHttp2Session; readonly done: Promise<void> } | undefined;
  #failure: { readonly error: unknown; readonly until: number } | undefined;
  #failures = 0;
  #isClosed = false;

  constructor(url: string, options: GrpcConnectionOptions) {
    this.url = url;
    this.#options = options;
  }

  /** Whether calls can be made. A session that the server is about to end (GOAWAY) takes none. */
  get isConnected(): boolean {
    const session = this.#link?.session;
    return session !== undefined && !session.closed && !session.destroyed;
  }

  /**
   * Connects, unless it is connected; at the same time once for all. Fails at once while it waits after a failure.
   * @throws {GrpcError} with the reason, not sent
   */
  async connect(): Promise<void> {
    if (this.#isClosed) throw new GrpcError('the connection was closed', NOT_CONNECTED);
    if (this.isConnected) return;
    if (this.#failure && performance.now() < this.#failure.until) throw this.#failure.error;
    this.#dialling ??= this.#dial();
    await this.#dialling.done;
  }

  /** Makes one call, once. @throws {GrpcError}; the signal's reason */
  async call<Request, Response>(
    method: GrpcMethod<Request, Response>,
    request: Request,
    options: CallOptions,
  ): Promise<Response> {
    options.signal?.throwIfAborted();
    const { session, keepalive } = this.#connected();
    const headers = this.#unaryHeaders(method.path, options.metadata);
    const frame = fillFrameHeader(method.request.encode(request, FRAME_HEADER_BYTES));
    keepalive.begin();
    try {
      const { timeoutMs, signal } = options;
      return method.response.decode(await callUnary(session, { headers, frame, timeoutMs, signal }));
    } catch (error) {
      if (error instanceof GrpcError && error.code === GRPC_STATUS.deadlineExceeded) keepalive.probe();
      if (error instanceof RangeError)
        throw new GrpcError(error.message, { code: GRPC_STATUS.internal, sent: true, cause: error });
      throw error;
    } finally {
      keepalive.end();
    }
  }

  /** Begins a call with any number of messages in both directions. @throws {GrpcError} where it is not connected */
  open<Request, Response>(
    method: GrpcMethod<Request, Response>,
    metadata?: Readonly<Record<string, string>>,
  ): GrpcStream<Request, Response> {
    const { session, keepalive } = this.#connected();
    const stream = session.request({ ...baseHeaders(method.path), ...metadata });
    keepalive.begin();
    stream.once('close', () => keepalive.end());
    return new GrpcStream(stream, method);
  }

  /** Ends all calls, and connects no more. */
  close(): void {
    this.#isClosed = true;
    this.#link?.session.destroy();
    this.#dialling?.session.destroy(new Error('the connection was closed'));
  }

  #connected(): Link {
    if (!this.#link || !this.isConnected) throw new GrpcError('the connection was lost', NOT_CONNECTED);
    return this.#link;
  }

  #dial(): { session: ClientHttp2Session; done: Promise<void> } {
    const { secureContext, dialTimeoutMs, keepaliveMs } = this.#options;
    const { session, ready } = dial(this.url, { secureContext, timeoutMs: dialTimeoutMs });
    const onReady = () => {
      this.#link = { session, keepalive: new GrpcKeepalive(session, keepaliveMs) };
      this.#failures = 0;
    };
    const onFailure = (error: unknown) => {
      const wait = Math.min(BACKOFF_MS.longest, BACKOFF_MS.first * 2 ** this.#failures++) * (0.5 + Math.random() / 2);
      this.#failure = { error, until: performance.now() + wait };
      throw error;
    };
    const done = ready.then(onReady, onFailure).finally(() => {
      this.#dialling = undefined;
    });
    return { session, done };
  }

  #unaryHeaders(path: string, metadata: Readonly<Record<string, string>> | undefined): OutgoingHttpHeaders {
    let headers = this.#headers.get(path);
    if (!headers) {
      headers = { ...baseHeaders(path), 'grpc-timeout': `${Math.min(this.#options.callTimeoutMs, MAX_TIMEOUT_MS)}m` };
      this.#headers.set(path, headers);
    }
    return metadata ? { ...headers, ...metadata } : headers;
  }
}

const NOT_CONNECTED = { code: GRPC_STATUS.unavailable, sent: false } as const;
/** The header has eight digits. */
const MAX_TIMEOUT_MS = 99_999_999;

function baseHeaders(path: string): OutgoingHttpHeaders {
  return { ':method': 'POST', ':path': path, te: 'trailers', 'content-type': 'application/grpc' };
}
