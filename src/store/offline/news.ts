import { RecentRevisions } from '../../process/recent-revisions.ts';
import type { Revision } from '../ipam-store.ts';

/**
 * The newest revision at which each block came to the node or left it, or each address was assigned or freed, as far as
 * this process has heard. Answers to the node's own calls may overtake the watch, and a snapshot.
 */
export class News {
  readonly #heard = new RecentRevisions();
  /** Of the last snapshot, which told of all that was so then. */
  #snapshot: Revision = 0;

  /** Whether that is newer than what was heard, and remembers it. */
  note(key: string, revision: Revision): boolean {
    if (this.#newest(key) >= revision) return false;
    this.#heard.note(key, revision);
    return true;
  }

  /** Whether something newer was heard. */
  isAhead(key: string, revision: Revision): boolean {
    return this.#newest(key) > revision;
  }

  #newest(key: string): Revision {
    return Math.max(this.#heard.of(key), this.#snapshot);
  }

  /** Takes note of a snapshot. */
  noteAll(revision: Revision): void {
    this.#snapshot = revision;
    this.#heard.forget(revision);
  }

  clear(): void {
    this.#snapshot = 0;
    this.#heard.clear();
  }
}
