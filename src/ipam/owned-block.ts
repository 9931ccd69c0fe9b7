import type { BlockAllocator } from '../model/block-allocator.ts';
import type { IpPrefix } from '../model/ip-prefix.ts';
import type { Revision } from '../store/ipam-store.ts';

/** A block that the node owns, as far as the node knows. */
export interface OwnedBlock {
  readonly pool: string;
  readonly block: IpPrefix;
  readonly allocator: BlockAllocator;
  /** Where it is known: that of the change by which the node came to own it; else that at which it was seen to. */
  revision: Revision;
  /** The newest revision at which a transaction of the node's own has shown that the block is the node's. */
  provenAt: Revision;
  /**
   * 'acquired': not in the routing table yet, so nothing is allocated from it; 'exported': in use; 'leaving': about to
   * be returned, its route is being withdrawn.
   */
  state: 'acquired' | 'exported' | 'leaving';
  /** Monotonic time in milliseconds since when no address of it is in use; undefined while one is. */
  emptySince: number | undefined;
}
