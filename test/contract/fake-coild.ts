import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a fake coild does once it has read a request to its end. */
export interface CoildScript {
  /** Bytes to send, the HTTP head among them; by default none. */
  readonly send?: string | Buffer;
  /** What comes after them: the end of the connection, or nothing. */
  readonly after: 'close' | 'hang';
}

/** A request as it came, with latin1 for its head: a character a byte. */
export interface RecordedRequest {
  readonly line: string;
  /** Names as they came. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A scripted coild that speaks bytes, so that it can also break HTTP. */
export class FakeCoild implements AsyncDisposable {
  readonly requests: RecordedRequest[] = [];
  /** Resolves with the first request. */
  readonly requested: Promise<RecordedRequest>;
  readonly address: string;
  readonly #end: () => Promise<void>;
  readonly #onRequest: (request: RecordedRequest) => void;

  private constructor(address: string, end: () => Promise<void>) {
    this.address = address;
    this.#end = end;
    const { promise, resolve } = Promise.withResolvers<RecordedRequest>();
    this.requested = promise;
    this.#onRequest = resolve;
  }

  /** Listens on a Unix socket in a folder of its own, or on a free port of `host`. */
  static async listen(script: CoildScript, host?: '127.0.0.1' | '::1'): Promise<FakeCoild> {
    const folder = await mkdtemp(join(tmpdir(), 'coil-test-'));
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      fake.#serve(socket, script);
    });
    server.listen(host === undefined ? { path: join(folder, 'coild.sock') } : { host, port: 0 });
    await once(server, 'listening');
    const fake = new FakeCoild(addressOf(server.address()!), async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await rm(folder, { recursive: true });
    });
    return fake;
  }

  #serve(socket: Socket, script: CoildScript): void {
    let received = Buffer.alloc(0);
    socket.on('error', () => undefined); // a client that gives up resets the connection
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const request = parseRequest(received);
      if (request === undefined) return;
      this.requests.push(request);
      this.#onRequest(request);
      socket.write(script.send ?? '');
      if (script.after === 'close') socket.end();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end();
  }
}

function addressOf(address: string | AddressInfo): string {
  if (typeof address === 'string') return `unix://${address}`;
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

function parseRequest(received: Buffer): RecordedRequest | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line = '', ...fields] = received.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(fields.map((field) => field.split(/: ?(.*)/s, 2) as [string, string]));
  const body = received.subarray(end + 4);
  return body.length < Number(headers['Content-Length']) ? undefined : { line, headers, body };
}
