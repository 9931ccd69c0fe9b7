/** What is known of the Nodes of Kubernetes, piece by piece. */
export type NodeNews =
  /** All there are; whatever was known before counts no more. */
  | { readonly kind: 'all'; readonly names: ReadonlySet<string> }
  | { readonly kind: 'added' | 'deleted'; readonly name: string };

/** The port for the Nodes of Kubernetes. */
export interface NodeSource {
  /**
   * Follows the Nodes until `signal` is aborted, and ends then; it never throws: where the API server does not answer,
   * there is no news for as long. Deletions that were missed are in the next news of kind `all`.
   */
  watchNodes(signal: AbortSignal): AsyncIterable<NodeNews>;
  /** Asks for one Node as it is now. Bounded in time. @throws where the API server cannot tell */
  hasNode(name: string, signal: AbortSignal): Promise<boolean>;
}
