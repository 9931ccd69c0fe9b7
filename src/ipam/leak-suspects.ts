import { isProven, type Proof } from './leak-judge.ts';

interface Suspicion {
  /** Monotonic time in milliseconds. */
  readonly since: number;
  /** Those that held at every look since then. */
  readonly proofs: ReadonlySet<Proof>;
}

/** What a look changed. */
export interface LookOutcome {
  /** Keys of those that have come under suspicion, or anew because a proof did not hold. */
  readonly begun: readonly string[];
  /** Keys of those that are above suspicion again, or gone. */
  readonly cleared: readonly string[];
  /** Proofs against those that the same two held against for the whole grace, by key. */
  readonly due: ReadonlyMap<string, ReadonlySet<Proof>>;
}

/** Remembers for how long proofs have held. A proof that fails once begins anew, and its attachment's grace with it. */
export class LeakSuspects {
  readonly #graceMs: number;
  readonly #suspicions = new Map<string, Suspicion>();

  constructor({ graceMs }: { readonly graceMs: number }) {
    this.#graceMs = graceMs;
  }

  /** Takes what a look found, by key, that ended at `now`. */
  look(found: ReadonlyMap<string, ReadonlySet<Proof>>, now: number): LookOutcome {
    const cleared = [...this.#suspicions.keys()].filter((key) => !found.has(key));
    for (const key of cleared) this.#suspicions.delete(key);
    const begun: string[] = [];
    const due = new Map<string, ReadonlySet<Proof>>();
    for (const [key, proofs] of found) {
      const before = this.#suspicions.get(key);
      const held = new Set([...proofs].filter((proof) => before?.proofs.has(proof)));
      const goesOn = before !== undefined && isProven(held);
      const suspicion = goesOn ? { since: before.since, proofs: held } : { since: now, proofs };
      this.#suspicions.set(key, suspicion);
      if (!goesOn) begun.push(key);
      if (now - suspicion.since >= this.#graceMs && goesOn) due.set(key, suspicion.proofs);
    }
    return { begun, cleared, due };
  }

  /** Whatever comes of it next begins anew. */
  forget(key: string): void {
    this.#suspicions.delete(key);
  }

  /** Nothing could be looked at: no proof has held. */
  clear(): void {
    this.#suspicions.clear();
  }
}
