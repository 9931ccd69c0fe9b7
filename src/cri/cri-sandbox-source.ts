import { GrpcConnection } from '../grpc/grpc-connection.ts';
import type { GrpcMethod } from '../grpc/grpc-method.ts';
import type { Sandbox, SandboxSource } from '../ipam/sandbox-source.ts';
import type { Logger } from '../process/logger.ts';
import {
  type ListPodSandboxRequest,
  type ListPodSandboxResponse,
  listPodSandboxRequest,
  listPodSandboxResponse,
  SANDBOX_STATE,
  type VersionRequest,
  type VersionResponse,
  versionRequest,
  versionResponse,
} from './cri-messages.ts';

const SERVICE = '/runtime.v1.RuntimeService';
const VERSION: GrpcMethod<VersionRequest, VersionResponse> = {
  path: `${SERVICE}/Version`,
  request: versionRequest,
  response: versionResponse,
};
const LIST: GrpcMethod<ListPodSandboxRequest, ListPodSandboxResponse> = {
  path: `${SERVICE}/ListPodSandbox`,
  request: listPodSandboxRequest,
  response: listPodSandboxResponse,
};

const DIAL_MS = 2_000;
/** A runtime with hundreds of sandboxes answers in milliseconds; one that is starting Pods under load in seconds. */
const CALL_MS = 10_000;

export interface CriOptions {
  /** Path of the runtime's unix socket. */
  readonly socket: string;
  readonly timeoutMs?: number;
}

/** A container runtime on this machine, asked by the Container Runtime Interface. Connects when it is first asked. */
export class CriSandboxSource implements SandboxSource, Disposable {
  readonly #connection: GrpcConnection;
  readonly #timeoutMs: number;
  readonly #logger: Pick<Logger, 'info'>;
  #runtime = '';

  constructor({ socket, timeoutMs = CALL_MS }: CriOptions, deps: { readonly logger: Pick<Logger, 'info'> }) {
    this.#timeoutMs = timeoutMs;
    this.#logger = deps.logger;
    this.#connection = new GrpcConnection(`unix://${socket}`, {
      dialTimeoutMs: DIAL_MS,
      callTimeoutMs: timeoutMs,
      keepaliveMs: CALL_MS,
    });
  }

  /** @throws {GrpcError}; the signal's reason */
  async listSandboxes(signal: AbortSignal): Promise<readonly Sandbox[]> {
    // a connection made anew may lead to another runtime, or another version of it
    const isNew = !this.#connection.isConnected;
    await this.#connection.connect();
    if (isNew) await this.#greet(signal);
    const { items } = await this.#connection.call(LIST, {}, { timeoutMs: this.#timeoutMs, signal });
    return items.map(({ id, state }) => ({ id, ready: state === SANDBOX_STATE.ready }));
  }

  async #greet(signal: AbortSignal): Promise<void> {
    const request = { version: 'v1' };
    const answer = await this.#connection.call(VERSION, request, { timeoutMs: this.#timeoutMs, signal });
    const runtime = `${answer.runtimeName} ${answer.runtimeVersion}`;
    if (runtime !== this.#runtime) this.#logger.info('the container runtime tells of its sandboxes', { runtime });
    this.#runtime = runtime;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}
