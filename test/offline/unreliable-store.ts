import { CoilError } from '../../src/model/error.ts';
import { sleep } from '../../src/process/backoff.ts';
import type { IpamStore } from '../../src/store/ipam-store.ts';
import { overriding } from '../contract/ipam-node.ts';

/** As every store does, a call that nobody answers ends by itself, after so many milliseconds. */
const TIMEOUT_MS = 300;

/** What is wrong with a datastore, call by call. */
type Fault = 'none' | 'down' | 'silent' | 'answers-lost';

const CHANGES = ['allocate', 'free', 'acquireBlock', 'releaseBlock'] as const;
const READS = ['listAddresses', 'listPools'] as const;

/** A datastore that can be down, fall silent, or carry changes out without a word; the test itself goes around it. */
export class UnreliableStore {
  readonly store: IpamStore;
  /** Calls that came, whatever became of them. */
  calls = 0;
  #fault: Fault = 'none';
  #cut = Promise.withResolvers<never>();

  constructor(behind: IpamStore) {
    const overrides: Partial<Record<keyof IpamStore, unknown>> = {};
    for (const name of [...CHANGES, ...READS]) {
      const call = behind[name].bind(behind) as (...args: unknown[]) => Promise<unknown>;
      overrides[name] = (...args: unknown[]) =>
        this.#pass(() => call(...args), args.find((each) => each instanceof AbortSignal)!);
    }
    overrides.watchNode = (node: string, signal: AbortSignal) => this.#watch(behind, node, signal);
    this.store = overriding(behind, overrides as Partial<IpamStore>);
    this.#cut.promise.catch(() => undefined);
  }

  /** Ends the watch too: where answers are lost, with the first of these, so that it is a call that finds out. */
  fail(fault: Exclude<Fault, 'none'>): void {
    this.#fault = fault;
    if (fault !== 'answers-lost') this.#cut.reject(down());
  }

  restore(): void {
    this.#fault = 'none';
    this.#cut = Promise.withResolvers();
    this.#cut.promise.catch(() => undefined);
  }

  async #pass(call: () => Promise<unknown>, signal: AbortSignal): Promise<unknown> {
    this.calls++;
    const fault = this.#fault;
    if (fault === 'down') throw down();
    if (fault === 'silent') return await aborted(signal);
    const answer = await call();
    if (fault !== 'answers-lost') return answer;
    this.#cut.reject(down());
    throw down();
  }

  #losesAnswers(): boolean {
    return this.#fault === 'answers-lost';
  }

  async *#watch(behind: IpamStore, node: string, signal: AbortSignal) {
    this.calls++;
    if (this.#fault === 'silent') await aborted(signal);
    if (this.#fault !== 'none') throw down();
    const cut = this.#cut.promise;
    const changes = behind.watchNode(node, signal)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await Promise.race([changes.next(), cut]);
        if (next.done) return;
        if (this.#losesAnswers()) await cut;
        yield next.value;
      }
    } finally {
      void changes.return?.();
    }
  }
}

function down(): CoilError {
  return new CoilError('store-unavailable', 'the datastore is down');
}

async function aborted(signal: AbortSignal): Promise<never> {
  await sleep(TIMEOUT_MS, signal);
  throw down();
}
