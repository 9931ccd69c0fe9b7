/** So many are made at once, */
const FREE = 5;
/** then each waits twice as long as the one before, */
const BASE_MS = 500;
/** but no longer than this. */
const MAX_MS = 30_000;
/** A quiet time, longer than any wait, after which all is forgotten. */
const FORGET_MS = 60_000;

interface Strikes {
  readonly count: number;
  readonly last: number;
}

/**
 * How long to wait before the next repair of the same thing, so that we do not race with somebody who keeps undoing it:
 * the first five within a minute are made at once, the following wait 0.5 s, 1 s, 2 s and so on up to 30 s.
 */
export class RepairPace {
  readonly #clock: () => number;
  readonly #strikes = new Map<string, Strikes>();

  /** @param deps.clock monotonic, in milliseconds */
  constructor(deps: { clock: () => number }) {
    this.#clock = deps.clock;
  }

  /** Takes note of a repair, or of one that failed. How many there were without a quiet time between. */
  strike(key: string): number {
    this.#forgetOld();
    const count = (this.#strikes.get(key)?.count ?? 0) + 1;
    this.#strikes.set(key, { count, last: this.#clock() });
    return count;
  }

  /** Milliseconds until the next repair may be made; 0 for at once. */
  delay(key: string): number {
    this.#forgetOld();
    const strikes = this.#strikes.get(key);
    if (strikes === undefined || strikes.count < FREE) return 0;
    const wait = Math.min(MAX_MS, BASE_MS * 2 ** (strikes.count - FREE));
    return Math.max(0, strikes.last + wait - this.#clock());
  }

  #forgetOld(): void {
    const now = this.#clock();
    for (const [key, { last }] of this.#strikes) if (now - last >= FORGET_MS) this.#strikes.delete(key);
  }
}
