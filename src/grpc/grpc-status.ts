import { type ClientHttp2Stream, constants, type Http2Session, type IncomingHttpHeaders } from 'node:http2';
import { GRPC_STATUS, GrpcError } from './grpc-error.ts';

/** What stands for an answer that is not gRPC's (grpc/grpc, doc/http-grpc-status-mapping.md). */
const OF_HTTP: Readonly<Record<number, number>> = {
  400: GRPC_STATUS.internal,
  401: GRPC_STATUS.unauthenticated,
  403: GRPC_STATUS.permissionDenied,
  404: GRPC_STATUS.unimplemented,
  429: GRPC_STATUS.unavailable,
  502: GRPC_STATUS.unavailable,
  503: GRPC_STATUS.unavailable,
  504: GRPC_STATUS.unavailable,
};

/** What stands for a stream that was reset (grpc/grpc, doc/PROTOCOL-HTTP2.md, "Errors"). */
const OF_RESET: Readonly<Record<number, number>> = {
  [constants.NGHTTP2_REFUSED_STREAM]: GRPC_STATUS.unavailable,
  [constants.NGHTTP2_CANCEL]: GRPC_STATUS.cancelled,
  [constants.NGHTTP2_ENHANCE_YOUR_CALM]: GRPC_STATUS.resourceExhausted,
  [constants.NGHTTP2_INADEQUATE_SECURITY]: GRPC_STATUS.permissionDenied,
};

/** Collects what the HTTP/2 stream of a call says of its outcome. */
export class GrpcStatus {
  readonly #stream: ClientHttp2Stream;
  /** The stream forgets it when it ends. */
  readonly #session: Http2Session | undefined;
  #headers: IncomingHttpHeaders | undefined;
  #trailers: IncomingHttpHeaders | undefined;
  #error: Error | undefined;

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    this.#session = stream.session;
    stream.on('response', (headers) => {
      this.#headers = headers;
    });
    stream.on('trailers', (trailers) => {
      this.#trailers = trailers;
    });
    stream.on('error', (error) => {
      this.#error = error;
    });
  }

  /** Once the stream has ended: why the call failed; undefined where the server says that it did not. */
  failure(): GrpcError | undefined {
    const answer = this.#trailers ?? this.#headers;
    const status = answer?.['grpc-status'];
    if (status === '0') return undefined;
    if (answer && status !== undefined) return told(Number(status), answer['grpc-message']);
    const http = Number(this.#headers?.[constants.HTTP2_HEADER_STATUS] ?? 200);
    if (http !== 200)
      return new GrpcError(`HTTP status ${http}`, { code: OF_HTTP[http] ?? GRPC_STATUS.unknown, sent: true });
    return this.#broken();
  }

  #broken(): GrpcError {
    const { rstCode = constants.NGHTTP2_NO_ERROR, id } = this.#stream;
    const cause = this.#error;
    const options = cause ? { cause } : {};
    // a stream without a number never left; one that was refused was not looked at (RFC 9113 section 8.7)
    const sent = id !== undefined && rstCode !== constants.NGHTTP2_REFUSED_STREAM;
    const isReset = (cause as NodeJS.ErrnoException | undefined)?.code === 'ERR_HTTP2_STREAM_ERROR';
    if (this.#session?.destroyed || (cause && !isReset)) {
      const reason = cause && !isReset ? `: ${cause.message}` : '';
      return new GrpcError(`the connection was lost${reason}`, { code: GRPC_STATUS.unavailable, sent, ...options });
    }
    const code = OF_RESET[rstCode] ?? GRPC_STATUS.internal;
    return new GrpcError(`the stream ended with code ${rstCode} of HTTP/2`, { code, sent, ...options });
  }
}

function told(code: number, message: string | string[] | undefined): GrpcError {
  const text = decodeMessage(String(message ?? ''));
  return new GrpcError(text || `gRPC status ${code}`, { code, sent: true });
}

/** Percent-encoded, though not always well. */
function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
