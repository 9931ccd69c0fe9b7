import type { MessageType } from './message-type.ts';

/** What is called. */
export interface GrpcMethod<Request, Response> {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly request: MessageType<Request>;
  readonly response: MessageType<Response>;
}
