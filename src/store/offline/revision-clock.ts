import { CoilError } from '../../model/error.ts';
import type { Revision } from '../ipam-store.ts';

/** Whether a revision is of a change that the datastore has not seen, or has not confirmed. */
export function isPending(revision: Revision): boolean {
  return !Number.isInteger(revision);
}

/**
 * Revisions for changes that the datastore has not seen: after all that it has told of, and before what it will do next.
 * The datastore counts by one, so these are fractions: each the next number that a double can tell from the last. Beyond
 * a revision of a billion there are four million of them.
 */
export class RevisionClock {
  #newest: Revision = 0;

  get newest(): Revision {
    return this.#newest;
  }

  heard(revision: Revision): void {
    this.#newest = Math.max(this.#newest, revision);
  }

  /** Begins anew: the datastore was restored from a backup, or is another one. */
  reset(revision: Revision): void {
    this.#newest = revision;
  }

  /** @throws {CoilError} store-unavailable: there is no number left */
  next(): Revision {
    const limit = Math.floor(this.#newest) + 1;
    // IEEE 754: 52 bits after the first one
    const next = this.#newest + 2 ** (Math.floor(Math.log2(limit)) - 52);
    if (next >= limit)
      throw new CoilError('store-unavailable', 'too many changes wait for the datastore; it has to be reached first');
    this.#newest = next;
    return next;
  }
}
