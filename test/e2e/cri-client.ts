import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, credentials, type MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const PROTO = loadSync(join(import.meta.dirname, 'cri.proto'), { defaults: true, enums: String });
const CALL_MS = 30_000;

/** A sandbox as kubelet asks for it; the rest of a PodSandboxConfig is the same for all. */
export interface SandboxSpec {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** Counts the sandboxes of one Pod, from 0. */
  readonly attempt: number;
  readonly portMappings: readonly { readonly hostPort: number; readonly containerPort: number }[];
  readonly cgroupParent: string;
}

export interface SandboxStatus {
  readonly state: 'SANDBOX_READY' | 'SANDBOX_NOTREADY';
  readonly ip: string;
  /** Of the sandbox's process, as the runtime sees it. */
  readonly pid: number;
}

export interface ListedSandbox extends Pick<SandboxStatus, 'state'> {
  readonly id: string;
  readonly metadata: Pick<SandboxSpec, 'name' | 'namespace' | 'uid'>;
}

interface Condition {
  readonly type: string;
  readonly status: boolean;
  readonly message: string;
}

/** A container runtime, spoken to as kubelet does: the Container Runtime Interface, version 1. */
export class CriClient implements Disposable {
  readonly #client: Client;

  /** @param socket path of the runtime's socket */
  constructor(socket: string) {
    this.#client = new Client(`unix://${socket}`, credentials.createInsecure());
  }

  /** Waits until the runtime can be reached. */
  async connect(ms: number): Promise<void> {
    await promisify(this.#client.waitForReady.bind(this.#client))(Date.now() + ms);
  }

  /** Checks that the runtime can run sandboxes: it has a CNI configuration, and the image is there. @throws where not */
  async checkReady(image: string): Promise<void> {
    const { status } = await this.#call<{ status: { conditions: Condition[] } }>('RuntimeService/Status', {});
    const unmet = status.conditions.find((condition) => !condition.status);
    if (unmet) throw new Error(`not ${unmet.type}: ${unmet.message}`);
    const { image: found } = await this.#call<{ image: unknown }>('ImageService/ImageStatus', { image: { image } });
    if (found === null) throw new Error(`there is no image ${image}`);
  }

  /** @returns the sandbox's ID @throws {ServiceError} */
  async runPodSandbox({ portMappings, cgroupParent, ...metadata }: SandboxSpec): Promise<string> {
    const config = {
      metadata,
      hostname: metadata.name,
      // else the runtime copies the host's, which may lie below /run
      dnsConfig: { servers: ['10.96.0.10'] },
      portMappings,
      linux: { cgroupParent },
    };
    const { podSandboxId } = await this.#call<{ podSandboxId: string }>('RuntimeService/RunPodSandbox', { config });
    return podSandboxId;
  }

  async podSandboxStatus(podSandboxId: string): Promise<SandboxStatus> {
    const request = { podSandboxId, verbose: true };
    const { status, info } = await this.#call<{
      status: { state: SandboxStatus['state']; network: { ip: string } | null };
      info: { info: string };
    }>('RuntimeService/PodSandboxStatus', request);
    return { state: status.state, ip: status.network?.ip ?? '', pid: JSON.parse(info.info).pid };
  }

  async stopPodSandbox(podSandboxId: string): Promise<void> {
    await this.#call('RuntimeService/StopPodSandbox', { podSandboxId });
  }

  async removePodSandbox(podSandboxId: string): Promise<void> {
    await this.#call('RuntimeService/RemovePodSandbox', { podSandboxId });
  }

  /** All sandboxes, also those that do not run any more. */
  async listPodSandbox(): Promise<readonly ListedSandbox[]> {
    const { items } = await this.#call<{ items: ListedSandbox[] }>('RuntimeService/ListPodSandbox', {});
    return items;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #call<Response>(name: `${'RuntimeService' | 'ImageService'}/${string}`, request: object): Promise<Response> {
    const [service, method] = name.split('/') as [string, string];
    const methods = PROTO[`runtime.v1.${service}`] as Record<string, MethodDefinition<object, object>>;
    const { path, requestSerialize, responseDeserialize } = methods[method]!;
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const deadline = Date.now() + CALL_MS;
    this.#client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      { deadline },
      (error, response) => (error ? reject(error) : resolve(response as Response)),
    );
    return promise;
  }
}
