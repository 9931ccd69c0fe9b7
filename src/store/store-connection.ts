import type { AddressRecord } from './ipam-store.ts';

/** Why an address is its Pod's no more. */
export type LossReason =
  | "its block is not this node's any more"
  | 'it is assigned to another'
  | 'the datastore is another one'
  | 'the datastore refused it';

/** An address that a Pod was given, and that the datastore does not let it have. */
export interface LostAddress {
  readonly record: AddressRecord;
  readonly reason: LossReason;
}

/** How it stands between a node and its datastore. */
export interface ConnectionStatus {
  /** Why the datastore cannot be reached, and since when; undefined while it can. */
  readonly outage: { readonly since: Date; readonly error: unknown } | undefined;
  /** Number of changes that the datastore was not told of yet. */
  readonly pendingWrites: number;
  /** Of Pods that have not been detached since. */
  readonly lost: readonly LostAddress[];
}

/** What a store that goes on without its datastore tells of that. */
export interface StoreConnection {
  readonly isOffline: boolean;
  /** @throws {CoilError} store-unavailable, corrupt-data: what the store keeps on the node cannot be read */
  readonly status: ConnectionStatus;
  /** A Pod's interface is gone: whatever was said of its addresses is of no concern any more. Never throws. */
  detached(attachment: { readonly containerId: string; readonly ifname?: string | undefined }): void;
}
