import type { PoolBlock, Revision } from '../ipam-store.ts';

/**
 * The newest revision at which each block came to the node, or left it, as far as this process has heard. Answers to the
 * node's own calls may overtake the watch, and a snapshot.
 */
export class BlockNews {
  readonly #heard = new Map<string, Revision>();

  /** Whether that is not older than what was heard, and remembers it. */
  note({ block }: Pick<PoolBlock, 'block'>, revision: Revision): boolean {
    const key = block.toString();
    if ((this.#heard.get(key) ?? 0) > revision) return false;
    this.#heard.set(key, revision);
    return true;
  }

  /** The blocks of a snapshot, but for what is known to have changed since. @param known those that the node has */
  after(
    { blocks, revision }: { readonly blocks: readonly PoolBlock[]; readonly revision: Revision },
    known: readonly PoolBlock[],
  ): readonly PoolBlock[] {
    const isAhead = ({ block }: PoolBlock) => (this.#heard.get(block.toString()) ?? 0) > revision;
    return [...blocks.filter((each) => !isAhead(each)), ...known.filter(isAhead)];
  }

  clear(): void {
    this.#heard.clear();
  }
}
