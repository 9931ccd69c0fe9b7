/** What a Pod says of its addresses. */
export interface PodAddresses {
  readonly namespace: string;
  readonly name: string;
  /** Empty where it is on none yet. */
  readonly node: string;
  /** As in its status; of both families, or none. */
  readonly addresses: readonly string[];
  /** It uses the addresses of its node. */
  readonly hostNetwork: boolean;
  /** Succeeded or Failed: its sandbox is gone, though its status may go on naming an address. */
  readonly finished: boolean;
  /** On its way out: its address may be freed before the Pod is gone. */
  readonly terminating: boolean;
}

/** The port for the Pods of Kubernetes. */
export interface PodSource {
  /** All Pods of all namespaces as they are now, a part at a time. @throws where the API server does not answer */
  listPods(signal: AbortSignal): AsyncIterable<PodAddresses>;
  /** One Pod as it is now. @throws where the API server does not answer */
  findPod(namespace: string, name: string, signal: AbortSignal): Promise<PodAddresses | undefined>;
}
