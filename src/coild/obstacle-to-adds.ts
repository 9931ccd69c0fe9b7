import type { NodeState } from '../ipam/node-state.ts';
import type { StoreConnection } from '../store/store-connection.ts';

export interface ObstacleSources {
  readonly session: { readonly obstacle: string | undefined };
  readonly sync: { readonly isFresh: boolean };
  readonly changes: { readonly failure: string | undefined };
  readonly keeper: { readonly failure: string | undefined };
  readonly connection: Pick<StoreConnection, 'isOffline'> | undefined;
  readonly state: Pick<NodeState, 'blocks'>;
}

/**
 * Why no ADD could be served now; undefined where one could: a node that goes on without its datastore can as long as it
 * has an address.
 */
export function obstacleToAdds({
  session,
  sync,
  changes,
  keeper,
  connection,
  state,
}: ObstacleSources): string | undefined {
  if (session.obstacle !== undefined) return session.obstacle;
  if (!sync.isFresh) return "coild cannot read this node's state from the datastore";
  if (changes.failure !== undefined) return `coild cannot change the datastore: ${changes.failure}`;
  if (keeper.failure !== undefined) return `coild cannot export this node's blocks: ${keeper.failure}`;
  if (connection?.isOffline && state.blocks.every(({ allocator }) => allocator.full))
    return 'the datastore cannot be reached, and the blocks of this node have no free address left';
  return undefined;
}
