import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { FRAME_HEADER_BYTES, fillFrameHeader } from '../../src/grpc/grpc-frames.ts';

/** What the server does with a call; it is given the request, framed, when the client has sent all of it. */
export type Answer = (stream: ServerHttp2Stream, request: Buffer) => void;

/** A server that speaks HTTP/2 on a loopback port or a unix socket, and answers as a test says, well or badly. */
export class FakeGrpcServer implements AsyncDisposable {
  readonly sessions: ServerHttp2Session[] = [];
  /** Headers of the calls so far. */
  readonly calls: Record<string, unknown>[] = [];
  answer: Answer = succeed('');
  /** Where it is set: what the server does with a call as soon as it begins. */
  onStream: ((stream: ServerHttp2Stream) => void) | undefined;
  readonly #server: Http2Server;

  private constructor(server: Http2Server) {
    this.#server = server;
    server.on('session', (session) => this.sessions.push(session));
    server.on('stream', (stream: ServerHttp2Stream, headers) => {
      this.calls.push(headers);
      // a client that gives up resets it
      stream.on('error', () => {});
      if (this.onStream) {
        this.onStream(stream);
        return;
      }
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => stream.destroyed || this.answer(stream, Buffer.concat(chunks)));
    });
  }

  /** @param at a port, a free one where it is not given; or the path of a unix socket */
  static async start(at: number | string = 0): Promise<FakeGrpcServer> {
    const server = createServer();
    if (typeof at === 'string') server.listen(at);
    else server.listen(at, '127.0.0.1');
    await once(server, 'listening');
    return new FakeGrpcServer(server);
  }

  get url(): string {
    const address = this.#server.address();
    return typeof address === 'string' ? `unix://${address}` : `http://127.0.0.1:${(address as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions) session.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}

/** The frame of a message. */
export function frame(message: Buffer | string): Buffer {
  return fillFrameHeader(Buffer.concat([Buffer.alloc(FRAME_HEADER_BYTES), Buffer.from(message)]));
}

/** Sends these bytes, one HTTP/2 frame each, and then the trailers. */
export function answerWith(chunks: readonly Buffer[], trailers: Record<string, string>): Answer {
  return (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
  };
}

export function succeed(message: Buffer | string): Answer {
  return answerWith([frame(message)], { 'grpc-status': '0' });
}

/** An answer of headers alone. */
export function headersOnly(headers: Record<string, string | number>): Answer {
  return (stream) =>
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...headers }, { endStream: true });
}
