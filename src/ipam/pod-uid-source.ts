/** The port for the identity of Kubernetes' Pods. */
export interface PodUidSource {
  /**
   * UIDs that the Pod of this name goes by, as it is now, whatever its status and its node; none where there is no such
   * Pod. @throws where the API server cannot be asked
   */
  uidsOf(namespace: string, pod: string, signal: AbortSignal): Promise<ReadonlySet<string>>;
}
