import { attachmentKey } from './valid-attachments.ts';

interface Attachment {
  readonly containerId: string;
  readonly ifname: string;
}

/** What is attached by an ADD that was under way at some time since. */
export interface AddsSince extends Disposable {
  has(attachment: Attachment): boolean;
}

/**
 * The ADDs under way. A runtime that says which attachments it has does not know of these yet, nor of those that begin
 * after it has spoken.
 */
export class AddsUnderWay {
  readonly #counts = new Map<string, number>();
  readonly #watchers = new Set<Set<string>>();

  /** Runs an ADD. */
  async during<T>(attachment: Attachment, add: () => Promise<T>): Promise<T> {
    const key = attachmentKey(attachment);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    for (const watcher of this.#watchers) watcher.add(key);
    try {
      return await add();
    } finally {
      const count = this.#counts.get(key)! - 1;
      if (count > 0) this.#counts.set(key, count);
      else this.#counts.delete(key);
    }
  }

  /** Those under way now, and those that begin until it is disposed of. */
  since(): AddsSince {
    const seen = new Set(this.#counts.keys());
    this.#watchers.add(seen);
    return {
      has: (attachment) => seen.has(attachmentKey(attachment)),
      [Symbol.dispose]: () => this.#watchers.delete(seen),
    };
  }
}
