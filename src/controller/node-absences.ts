/** When each of some nodes was first seen to be gone. Times are monotonic, in milliseconds. */
export class NodeAbsences {
  readonly #since = new Map<string, number>();

  /** Takes note of which owners are present now; gives those that were not known to be gone. */
  observe(owners: ReadonlySet<string>, present: ReadonlySet<string>, now: number): string[] {
    for (const node of this.#since.keys()) if (!owners.has(node) || present.has(node)) this.#since.delete(node);
    const gone = [...owners].filter((node) => !present.has(node) && !this.#since.has(node));
    for (const node of gone) this.#since.set(node, now);
    return gone;
  }

  /** The node is there, or owns nothing any more. Gives whether it was known to be gone. */
  forget(node: string): boolean {
    return this.#since.delete(node);
  }

  /** Its grace begins anew. */
  restart(node: string, now: number): void {
    if (this.#since.has(node)) this.#since.set(node, now);
  }

  /** Nodes that have been gone for `graceMs` or longer. */
  due(graceMs: number, now: number): string[] {
    return [...this.#since].filter(([, since]) => now - since >= graceMs).map(([node]) => node);
  }

  /** How long it takes until a node is due; undefined where none is gone. */
  nextDueMs(graceMs: number, now: number): number | undefined {
    if (this.#since.size === 0) return undefined;
    return Math.max(0, Math.min(...this.#since.values()) + graceMs - now);
  }
}
