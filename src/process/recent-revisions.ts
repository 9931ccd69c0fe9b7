/** Far longer than an answer, or what a watch tells, may be late. */
const PERIOD_MS = 900_000;

/**
 * The newest revision that each key was heard of at, of the keys that were heard of in the last quarter of an hour at
 * least, and half an hour at most: what is older comes in nobody's way, and there is no end of keys.
 */
export class RecentRevisions {
  readonly #clock: () => number;
  #newer = new Map<string, number>();
  #older = new Map<string, number>();
  #since: number;

  /** @param clock monotonic, in milliseconds */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#since = clock();
  }

  /** 0 where nothing was heard. */
  of(key: string): number {
    return this.#newer.get(key) ?? this.#older.get(key) ?? 0;
  }

  note(key: string, revision: number): void {
    const now = this.#clock();
    // a process that was stopped for long has answers of before to come
    if (now - this.#since >= PERIOD_MS) {
      this.#older = this.#newer;
      this.#newer = new Map();
      this.#since = now;
    }
    this.#newer.set(key, revision);
  }

  /** Forgets what was heard up to `revision`. */
  forget(revision: number): void {
    for (const heard of [this.#newer, this.#older])
      for (const [key, newest] of heard) if (newest <= revision) heard.delete(key);
  }

  clear(): void {
    this.#newer.clear();
    this.#older.clear();
  }
}
