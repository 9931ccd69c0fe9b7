import { GrpcConnection, type GrpcConnectionOptions } from '../../src/grpc/grpc-connection.ts';
import type { GrpcMethod } from '../../src/grpc/grpc-method.ts';
import { MessageType } from '../../src/grpc/message-type.ts';

/** What the client and a fake server say to each other. */
export interface Echo {
  readonly text?: string;
}

export const ECHO = new MessageType<Echo>({ text: [1, 'text'] });
export const ECHO_METHOD: GrpcMethod<Echo, Echo> = { path: '/test.Echo/Echo', request: ECHO, response: ECHO };
/** A message, encoded. */
export const HELLO = ECHO.encode({ text: 'hello' });

/** A client that connects when it is needed. */
export class EchoClient implements Disposable {
  readonly connection: GrpcConnection;

  constructor(url: string, options: Partial<GrpcConnectionOptions> = {}) {
    const defaults = { dialTimeoutMs: 500, callTimeoutMs: 5000, keepaliveMs: 10_000 };
    this.connection = new GrpcConnection(url, { ...defaults, ...options });
  }

  async call(timeoutMs = 5000): Promise<Echo> {
    await this.connection.connect();
    return await this.connection.call(ECHO_METHOD, {}, { timeoutMs });
  }

  [Symbol.dispose](): void {
    this.connection.close();
  }
}
