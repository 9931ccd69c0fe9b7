import { GRPC_STATUS, GrpcError } from './grpc-error.ts';

/** A byte that says whether the message is compressed, and its length in four (grpc/grpc, doc/PROTOCOL-HTTP2.md). */
export const FRAME_HEADER_BYTES = 5;

const NONE: readonly Buffer[] = [];

/** Fills the first bytes of `frame`, which is room for them and a message. */
export function fillFrameHeader(frame: Buffer): Buffer {
  frame[0] = 0;
  frame.writeUInt32BE(frame.length - FRAME_HEADER_BYTES, 1);
  return frame;
}

/** Puts messages together from the chunks that HTTP/2 brings them in. Their size is not limited. */
export class GrpcFrames {
  #chunks: Buffer[] = [];
  #length = 0;
  /** No message is complete with less. */
  #needed = FRAME_HEADER_BYTES;

  /** Whether there is nothing of a message that has not come whole. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** The messages that end in this chunk. @throws {GrpcError} for a compressed one: we do not ask for that */
  push(chunk: Buffer): readonly Buffer[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return NONE;
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#length);
    const messages: Buffer[] = [];
    for (;;) {
      this.#needed = rest.length < FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES : frameLength(rest);
      if (rest.length < this.#needed) break;
      messages.push(rest.subarray(FRAME_HEADER_BYTES, this.#needed));
      rest = rest.subarray(this.#needed);
    }
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#length = rest.length;
    return messages;
  }
}

function frameLength(bytes: Buffer): number {
  if (bytes[0] !== 0)
    throw new GrpcError('the answer is no gRPC, or compressed', { code: GRPC_STATUS.internal, sent: true });
  return FRAME_HEADER_BYTES + bytes.readUInt32BE(1);
}
