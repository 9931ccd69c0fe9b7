import type { LateChange, SentEnd } from './coild-store.ts';

/** What a call goes to; not all can fail in the same ways. */
export type Medium = 'store' | 'disk' | 'kernel' | 'time' | 'proof';

/** Has a change leave its process, which gives it up; what it gives carries it out. Undefined where nothing left. */
export type Send = (end: SentEnd) => Promise<LateChange | undefined>;

/** A call of a node's code to the outside, under way: first asked, then made, then answered. */
export interface HeldCall {
  /** E.g. `allocate 10.0.0.1`. */
  readonly name: string;
  readonly medium: Medium;
  /** Whether its effect is there; the answer is on its way. */
  readonly isMade: boolean;
  /** Absent where nothing of it can come late. */
  readonly send: Send | undefined;
  /** Has its effect. */
  make(): Promise<void>;
  /** Answers what was made; nothing where it was answered already. */
  answer(): void;
  /** Answers with an error, whatever was or was not made. */
  fail(error: Error): void;
}

/**
 * All calls of one process to the outside go through it, and each waits until it is told to be made and to be answered:
 * so calls can be made and answered in any order, and between any two of them the process can be stopped for good.
 */
export class Gate {
  readonly #calls = new Set<Held<unknown>>();
  readonly #aborted: HeldCall[] = [];
  #isStopped = false;

  /** Those that are asked or made, in the order in which they were asked. */
  get calls(): readonly HeldCall[] {
    return [...this.#calls];
  }

  /** Those that were asked, not made, and then aborted; each is given once. */
  takeAborted(): readonly HeldCall[] {
    return this.#aborted.splice(0);
  }

  /** Never settles once the gate is stopped. */
  call<T>(call: Call, make: () => Promise<T>): Promise<T> {
    if (this.#isStopped) return new Promise(() => undefined);
    if (call.signal?.aborted) return Promise.reject(call.signal.reason);
    const held = new Held(call, make, () => {
      this.#calls.delete(held as Held<unknown>);
      if (!held.isMade && call.signal?.aborted) this.#aborted.push(held);
    });
    this.#calls.add(held as Held<unknown>);
    return held.promise;
  }

  /** As kill -9: nothing that is under way is ever answered. Gives what was asked and not made. */
  stop(): readonly HeldCall[] {
    this.#isStopped = true;
    const asked = this.calls.filter(({ isMade }) => !isMade);
    for (const held of this.#calls) held.abandon();
    this.#calls.clear();
    return asked;
  }
}

interface Call {
  readonly medium: Medium;
  readonly name: string;
  readonly signal?: AbortSignal;
  readonly send?: Send;
}

class Held<T> implements HeldCall {
  readonly name: string;
  readonly medium: Medium;
  readonly send: Send | undefined;
  readonly promise: Promise<T>;
  readonly #make: () => Promise<T>;
  readonly #settle: PromiseWithResolvers<T>;
  readonly #over: () => void;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  #isOver = false;
  #outcome: { value: T } | { error: Error } | undefined;

  constructor(call: Call, make: () => Promise<T>, onOver: () => void) {
    this.name = call.name;
    this.medium = call.medium;
    this.send = call.send;
    this.#make = make;
    this.#settle = Promise.withResolvers<T>();
    this.promise = this.#settle.promise;
    this.#signal = call.signal;
    this.#onAbort = () => {
      // what the kernel has done cannot be given up
      if (call.medium !== 'kernel' || !this.isMade) this.fail(this.#signal!.reason);
    };
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#over = () => {
      this.#isOver = true;
      this.#signal?.removeEventListener('abort', this.#onAbort);
      onOver();
    };
  }

  get isMade(): boolean {
    return this.#outcome !== undefined;
  }

  async make(): Promise<void> {
    try {
      this.#outcome = { value: await this.#make() };
    } catch (error) {
      this.#outcome = { error: error as Error };
    }
  }

  answer(): void {
    if (this.#isOver) return;
    const outcome = this.#outcome;
    if (outcome === undefined) throw new Error(`${this.name} was not made yet`);
    this.#over();
    if ('error' in outcome) this.#settle.reject(outcome.error);
    else this.#settle.resolve(outcome.value);
  }

  fail(error: Error): void {
    this.#over();
    this.#settle.reject(error);
  }

  abandon(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}
