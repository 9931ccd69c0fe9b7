import { MessageType } from '../grpc/message-type.ts';

/**
 * Messages of the Container Runtime Interface, version 1 (k8s.io/cri-api, pkg/apis/runtime/v1/api.proto), as far as
 * Coil asks for them.
 */

export interface VersionRequest {
  readonly version: string;
}

export interface VersionResponse {
  readonly runtimeName: string;
  readonly runtimeVersion: string;
}

/** Without a filter: all sandboxes. */
export type ListPodSandboxRequest = Readonly<Record<never, never>>;

/** enum PodSandboxState */
export const SANDBOX_STATE = { ready: 0, notReady: 1 } as const;

export interface PodSandbox {
  readonly id: string;
  /** One of SANDBOX_STATE. */
  readonly state: number;
}

export interface ListPodSandboxResponse {
  readonly items: readonly PodSandbox[];
}

export const versionRequest = new MessageType<VersionRequest>({ version: [1, 'text'] });

export const versionResponse = new MessageType<VersionResponse>({
  runtimeName: [2, 'text'],
  runtimeVersion: [3, 'text'],
});

export const listPodSandboxRequest = new MessageType<ListPodSandboxRequest>({});

export const podSandbox = new MessageType<PodSandbox>({ id: [1, 'text'], state: [3, 'integer'] });

export const listPodSandboxResponse = new MessageType<ListPodSandboxResponse>({
  items: [1, 'list', () => podSandbox],
});
