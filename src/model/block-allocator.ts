import { CoilError } from './error.ts';

/** Offsets beyond it are never handed out, however large an IPv6 block is. */
const MAX_CAPACITY = 2 ** 32;

/** How long an offset that turned out to be in use is given out last, in milliseconds. */
const AVOIDED_MS = 60_000;

export interface BlockAllocatorOptions {
  /** Binary logarithm of the number of addresses in the block. */
  readonly blockSize: number;
  /** How long a freed address rests before it is given out again, in milliseconds. */
  readonly restMs: number;
}

/**
 * Which addresses of one block are in use. Gives out offsets round robin, and lets freed ones rest, since others may
 * still have connections or caches for them; where nothing else is left, the one that rested longest goes first. Those
 * to be avoided rest for a minute at least, and go last of all.
 * Pure: no clock, no I/O; `now` is any monotonic time in milliseconds.
 */
export class BlockAllocator {
  /** Number of offsets that can be given out. */
  readonly capacity: number;
  readonly #restMs: number;
  readonly #used = new Set<number>();
  /** Freed offsets and when their rest ends; the oldest first. */
  readonly #resting = new Map<number, number>();
  /** Free offsets that somebody was found to use, and until when they are avoided; the oldest first. */
  readonly #avoided = new Map<number, number>();
  #next = 0;

  constructor({ blockSize, restMs }: BlockAllocatorOptions) {
    this.capacity = Math.min(2 ** blockSize, MAX_CAPACITY);
    this.#restMs = restMs;
  }

  /** Goes on behind `offset`, which was given out last. */
  continueAfter(offset: number): void {
    this.#next = (offset + 1) % this.capacity;
  }

  /** Number of offsets in use. */
  get used(): number {
    return this.#used.size;
  }

  /** Whether `take` would find nothing. */
  get full(): boolean {
    return this.#used.size >= this.capacity;
  }

  has(offset: number): boolean {
    return this.#used.has(offset);
  }

  /** Whether an offset is free that does not rest at `now`. */
  hasRested(now: number): boolean {
    return this.used + this.resting(now) < this.capacity;
  }

  /** Number of offsets that rest at `now`. */
  resting(now: number): number {
    this.#endRests(now);
    return this.#resting.size + this.#avoided.size;
  }

  /** Whether an offset is free that is not to be avoided at `now`; it may rest. */
  hasUnavoided(now: number): boolean {
    this.#endRests(now);
    return this.used + this.#avoided.size < this.capacity;
  }

  /** Takes the next free offset, undefined where the block is full. */
  take(now: number): number | undefined {
    if (this.full) return undefined;
    const offset = this.hasRested(now) ? this.#nextFree() : this.#longestResting();
    this.use(offset);
    this.#next = (offset + 1) % this.capacity;
    return offset;
  }

  /** Marks an offset as in use, whoever gave it out. Repeatable. @throws {CoilError} invalid-argument */
  use(offset: number): void {
    if (!Number.isInteger(offset) || offset < 0 || offset >= this.capacity) {
      throw new CoilError('invalid-argument', `offset ${offset} is outside of a block of ${this.capacity} addresses`);
    }
    this.#resting.delete(offset);
    this.#avoided.delete(offset);
    this.#used.add(offset);
  }

  /** Frees an offset, which then rests. Repeatable: what is not in use stays as it is. */
  free(offset: number, now: number): void {
    if (this.#used.delete(offset) && this.#restMs > 0) this.#resting.set(offset, now + this.#restMs);
  }

  /** Has a free offset given out last: somebody uses it who is not known. What is in use stays as it is. */
  avoid(offset: number, now: number): void {
    if (this.#used.has(offset)) return;
    this.#resting.delete(offset);
    this.#avoided.delete(offset);
    this.#avoided.set(offset, now + AVOIDED_MS);
  }

  /** Gives back an offset that nobody came to use; it need not rest. */
  untake(offset: number): void {
    this.#used.delete(offset);
  }

  #nextFree(): number {
    let offset = this.#next;
    const held = [this.#used, this.#resting, this.#avoided];
    while (held.some((offsets) => offsets.has(offset))) offset = (offset + 1) % this.capacity;
    return offset;
  }

  #longestResting(): number {
    const [offset] = [...this.#resting.keys(), ...this.#avoided.keys()];
    return offset!;
  }

  #endRests(now: number): void {
    for (const held of [this.#resting, this.#avoided]) {
      for (const [offset, end] of held) {
        if (end > now) break;
        held.delete(offset);
      }
    }
  }
}
