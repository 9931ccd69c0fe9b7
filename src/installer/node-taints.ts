/** The taints of one Node of Kubernetes. Both calls retry what may pass, within a bound. */
export interface NodeTaints {
  /** Which of `keys` the Node has taints with. */
  find(keys: readonly string[], signal: AbortSignal): Promise<string[]>;
  /**
   * Takes away the taints with these keys, whatever their values and effects, and nothing that others change
   * meanwhile. Gives the keys that were there.
   */
  remove(keys: readonly string[], signal: AbortSignal): Promise<string[]>;
}
