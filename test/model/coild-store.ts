import { EtcdIpamStore } from '../../src/store/etcd/etcd-ipam-store.ts';
import type { OpenedStore } from '../../src/store/open-store.ts';
import type { EtcdFixture } from '../etcd/etcd-fixture.ts';
import { SlowClient } from '../etcd/slow-client.ts';

/** What becomes of a change of which its coild hears nothing more. */
export type SentEnd = 'failed' | 'aborted' | 'killed';

/** Carries a change out that was given up. */
export type LateChange = () => Promise<void>;

/** How one coild reaches the datastore. */
export interface CoildStore extends AsyncDisposable {
  readonly store: OpenedStore;
  /**
   * Has a change leave the coild, and the coild give it up. Gives what carries it out; undefined where nothing left.
   * Absent where changes are carried out at once or never.
   */
  readonly send?: (ask: (signal: AbortSignal) => Promise<unknown>, end: SentEnd) => Promise<LateChange | undefined>;
}

/** By a client of its own, whose changes are in a term. */
export class EtcdCoildStore implements CoildStore {
  readonly store: EtcdIpamStore;
  readonly #slow: SlowClient;

  constructor({ url, prefix }: EtcdFixture, node: string) {
    const options = { endpoints: [url], prefix, node };
    this.#slow = new SlowClient(options);
    this.store = new EtcdIpamStore(options, this.#slow.client);
  }

  send = async (ask: (signal: AbortSignal) => Promise<unknown>, end: SentEnd): Promise<LateChange | undefined> => {
    const slow = this.#slow;
    const abort = new AbortController();
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    slow.isSlow = true;
    const asked = ask(abort.signal).then(over, over);
    while (slow.late.length === 0 && !isOver) await new Promise(setImmediate);
    slow.isSlow = false;
    const [late] = slow.late.splice(0);
    if (end === 'failed') slow.break();
    else if (end === 'aborted') abort.abort(new DOMException('too late', 'TimeoutError'));
    if (end !== 'killed') await asked;
    return late && (async () => void (await late()));
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]();
  }
}
