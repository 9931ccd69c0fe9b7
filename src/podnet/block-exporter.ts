import type { IpPrefix } from '../model/ip-prefix.ts';

/** A block whose route the node does not take, such as one of IPv6 where that is switched off. */
export interface RefusedBlock {
  readonly block: IpPrefix;
  readonly error: Error;
}

export interface SyncReport {
  readonly added: readonly IpPrefix[];
  readonly removed: readonly IpPrefix[];
  /** They are not exported; all others are as they are to be. */
  readonly refused: readonly RefusedBlock[];
}

export interface SyncOptions {
  /** Blocks have come to those of the last call, and Pods wait for them: nothing else need be looked at. */
  readonly isGrowing?: boolean;
}

/**
 * The port for publishing a node's blocks to routing daemons. `ip route add BLOCK dev lo table 119 proto 30`
 */
export interface BlockExporter {
  /**
   * Makes the exported routes exactly `desired`: adds what is missing, takes away what is too much, and leaves alone
   * what is right, and everything that another protocol put there. Calls are served one after the other.
   * @throws {CoilError} network
   */
  sync(desired: readonly IpPrefix[], signal: AbortSignal, options?: SyncOptions): Promise<SyncReport>;
}
