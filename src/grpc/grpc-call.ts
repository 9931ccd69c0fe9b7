import { type ClientHttp2Session, constants, type OutgoingHttpHeaders } from 'node:http2';
import { GRPC_STATUS, GrpcError } from './grpc-error.ts';
import { GrpcFrames } from './grpc-frames.ts';
import { GrpcStatus } from './grpc-status.ts';

export interface GrpcCallOptions {
  readonly headers: OutgoingHttpHeaders;
  /** The request, framed. */
  readonly frame: Buffer;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends one request, and gives the one message that answers it.
 * @throws {GrpcError}; the signal's reason
 */
export function callUnary(session: ClientHttp2Session, options: GrpcCallOptions): Promise<Buffer> {
  const { headers, frame, timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    const stream = session.request(headers);
    const status = new GrpcStatus(stream);
    const frames = new GrpcFrames();
    let message: Buffer | undefined;
    let isSettled = false;
    const settle = () => {
      isSettled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const giveUp = (error: unknown) => {
      settle();
      reject(error);
      stream.close(constants.NGHTTP2_CANCEL);
    };
    const onAbort = () => giveUp(signal!.reason);
    const timer = setTimeout(() => giveUp(late(timeoutMs)), timeoutMs);
    signal?.addEventListener('abort', onAbort);
    stream.on('data', (chunk: Buffer) => {
      try {
        for (const each of frames.push(chunk)) message ??= each;
      } catch (error) {
        giveUp(error);
      }
    });
    const finish = () => {
      if (isSettled) return;
      settle();
      const failure = status.failure();
      if (failure) reject(failure);
      else if (message === undefined || !frames.isEmpty) reject(incomplete());
      else resolve(message);
    };
    // with these nothing more can come; 'close' is later, and is all there is where the answer is cut off
    stream.once('end', finish);
    stream.once('close', finish);
    stream.end(frame);
  });
}

function late(timeoutMs: number): GrpcError {
  const message = `no answer within ${Math.ceil(timeoutMs)} ms`;
  return new GrpcError(message, { code: GRPC_STATUS.deadlineExceeded, sent: true });
}

function incomplete(): GrpcError {
  return new GrpcError('the answer is incomplete', { code: GRPC_STATUS.internal, sent: true });
}
