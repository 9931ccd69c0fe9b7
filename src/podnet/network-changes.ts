/** What somebody changed of a node's network that may concern Coil. What only adds to it is not told. */
export type NetworkChange =
  /** Nobody knows what: at the beginning, and where changes came faster than they could be told. */
  | { readonly kind: 'unknown' }
  | {
      readonly kind: 'known';
      /** A route of ours, or one that stood before or after it, in the table of exported routes. */
      readonly exportedRoutes: boolean;
      /** Addresses, as text, whose host route in the main table was deleted or replaced. */
      readonly destinations: ReadonlySet<string>;
      /** Names of links that went down, or lost the Pods' gateway address, which takes their routes away. */
      readonly links: ReadonlySet<string>;
      /** Names of links that were deleted. */
      readonly deletedLinks: ReadonlySet<string>;
    };

/** The port for hearing of changes of the node's links, addresses and routes, whoever makes them. */
export interface NetworkChanges {
  /**
   * Tells of every change from now on, within 200 ms, several at once; first of an unknown one. Aborting `signal` ends it
   * without an error. Changes that come between two calls of `next` are kept.
   * @throws {CoilError} network, and then begin anew
   */
  watch(signal: AbortSignal): AsyncIterable<NetworkChange>;
}
