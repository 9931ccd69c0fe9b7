import { CoilError } from '../../model/error.ts';
import type { AcquiredBlock, BlockRequest, PoolBlock, ReleaseOutcome, Revision } from '../ipam-store.ts';
import { poolNotFound } from './pool-table.ts';
import type { SqliteTables } from './sqlite-tables.ts';

/** The changes of blocks' owners. Each is to be run in a transaction of its own, and undone where it throws. */
export class BlockChanges {
  readonly #tables: SqliteTables;

  constructor(tables: SqliteTables) {
    this.#tables = tables;
  }

  /** @throws {CoilError} as `IpamStore.acquireBlock` */
  acquire({ node, pool, family, isSpare = false }: BlockRequest): AcquiredBlock {
    const { pools, blocks, log } = this.#tables;
    if (!pools.has(pool)) throw poolNotFound(pool);
    const [block, next] = blocks.firstFree(pool, family);
    if (!block || (isSpare && !next))
      throw new CoilError(
        'out-of-blocks',
        `out of blocks: pool ${pool} has no ${isSpare ? 'second ' : ''}free IPv${family} block`,
      );
    const acquired = { pool, block, revision: log.nextRevision };
    blocks.assign(block, node, log.append(node, { kind: 'block', ...acquired, owned: true }));
    return acquired;
  }

  release(node: string, owned: PoolBlock): ReleaseOutcome {
    const { blocks, addresses, log } = this.#tables;
    if (!blocks.isOwned(node, owned)) return { outcome: 'not-owned' };
    if (!addresses.isEmpty(owned.block)) return { outcome: 'not-empty' };
    const revision = log.nextRevision;
    this.#free(node, owned, revision);
    return { outcome: 'released', revision };
  }

  releaseNode(node: string): readonly PoolBlock[] {
    const { blocks, addresses, boots, log } = this.#tables;
    const revision = log.nextRevision;
    const owned = blocks.listOf(node);
    for (const { record: slot } of addresses.listOfNode(node)) {
      addresses.delete(slot);
      log.append(node, { kind: 'address', revision, slot, record: undefined });
    }
    for (const block of owned) this.#free(node, block, revision);
    boots.delete(node);
    return owned;
  }

  #free(node: string, { pool, block }: PoolBlock, revision: Revision): void {
    const { blocks, log } = this.#tables;
    blocks.assign(block, null, log.append(node, { kind: 'block', revision, pool, block, owned: false }));
  }
}
