import { CoilError } from '../model/error.ts';
import { abortable } from '../process/abortable.ts';

/** An ADD from when it came until nothing of it goes on. */
export interface PendingAdd extends Disposable {
  /** Aborted where its DEL has come. */
  readonly signal: AbortSignal;
}

/**
 * The ADDs that have come and are not over, by attachment. A runtime that gave one up, and killed the plugin, sends a
 * DEL; what of the ADD waits yet, for the datastore or for its turn, must not attach the Pod after that.
 */
export class PendingAdds {
  readonly #pending = new Map<string, Set<{ readonly abort: AbortController; readonly over: Promise<void> }>>();

  begin(attachment: string): PendingAdd {
    const abort = new AbortController();
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const add = { abort, over };
    const same = this.#pending.get(attachment) ?? new Set();
    this.#pending.set(attachment, same.add(add));
    return {
      signal: abort.signal,
      [Symbol.dispose]: () => {
        same.delete(add);
        if (same.size === 0 && this.#pending.get(attachment) === same) this.#pending.delete(attachment);
        resolve();
      },
    };
  }

  /** Ends those of an attachment, and waits until they are over. @throws the signal's reason */
  async end(attachment: string, signal: AbortSignal): Promise<void> {
    const adds = [...(this.#pending.get(attachment) ?? [])];
    if (adds.length === 0) return;
    // all, before one of them gives its turn to the next
    for (const { abort } of adds)
      abort.abort(new CoilError('conflict', 'a DEL of the same container and interface came before the ADD was done'));
    await abortable(Promise.all(adds.map(({ over }) => over)), signal);
  }
}
