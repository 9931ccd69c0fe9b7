import type { Revision } from '../ipam-store.ts';

/**
 * The newest revision at which each block came to the node or left it, or each address was assigned or freed, as far as
 * this process has heard. Answers to the node's own calls may overtake the watch, and a snapshot.
 */
export class News {
  readonly #heard = new Map<string, Revision>();

  /** Whether that is not older than what was heard, and remembers it. */
  note(key: string, revision: Revision): boolean {
    if (this.isAhead(key, revision)) return false;
    this.#heard.set(key, revision);
    return true;
  }

  /** Whether something newer was heard. */
  isAhead(key: string, revision: Revision): boolean {
    return (this.#heard.get(key) ?? 0) > revision;
  }

  clear(): void {
    this.#heard.clear();
  }
}
