import { type ClientHttp2Stream, constants } from 'node:http2';
import { GrpcError } from './grpc-error.ts';
import { FRAME_HEADER_BYTES, fillFrameHeader, GrpcFrames } from './grpc-frames.ts';
import type { GrpcMethod } from './grpc-method.ts';
import { GrpcStatus } from './grpc-status.ts';

/**
 * A call with any number of messages in both directions. As long as the consumer does not take answers, HTTP/2's flow
 * control keeps the server from sending more than a window of them. To leave the iteration ends the call.
 */
export class GrpcStream<Request, Response> implements AsyncIterable<Response> {
  readonly #stream: ClientHttp2Stream;
  readonly #method: GrpcMethod<Request, Response>;
  readonly #status: GrpcStatus;

  constructor(stream: ClientHttp2Stream, method: GrpcMethod<Request, Response>) {
    this.#stream = stream;
    this.#method = method;
    this.#status = new GrpcStatus(stream);
  }

  /** Nothing happens where the call has ended: the iteration tells that. */
  write(message: Request): void {
    if (this.#stream.writable)
      this.#stream.write(fillFrameHeader(this.#method.request.encode(message, FRAME_HEADER_BYTES)));
  }

  cancel(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  /** Once. Ends where the server ends the call as a success. @throws {GrpcError} */
  async *[Symbol.asyncIterator](): AsyncGenerator<Response, void, undefined> {
    const frames = new GrpcFrames();
    try {
      for await (const chunk of this.#stream as AsyncIterable<Buffer>)
        for (const message of frames.push(chunk)) yield this.#method.response.decode(message);
    } catch (error) {
      throw error instanceof GrpcError ? error : (this.#status.failure() ?? error);
    } finally {
      this.cancel();
    }
    const failure = this.#status.failure();
    if (failure) throw failure;
  }
}
