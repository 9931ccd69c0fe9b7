import { CoilError } from '../../model/error.ts';
import { errorText } from '../../process/error-text.ts';
import type { Logger } from '../../process/logger.ts';

export interface ConnectionDeps {
  readonly logger: Logger;
  readonly now: () => Date;
}

/**
 * Whether the datastore can be reached, as far as is known. Until something fails it can. Who waits for an answer of it
 * when it turns out that it cannot is told at once, whatever becomes of the call.
 */
export class Connection {
  readonly #deps: ConnectionDeps;
  readonly #calls = new Set<(reason: unknown) => void>();
  #round = new AbortController();
  #lost: { readonly since: Date; readonly error: unknown } | undefined;
  /** Reasons of this outage that the log has; endpoints that are tried in turn may each have their own. */
  readonly #told = new Set<string>();
  #isBehind = false;

  constructor(deps: ConnectionDeps) {
    this.#deps = deps;
  }

  /** Whether changes are the datastore's to make. */
  get isOnline(): boolean {
    return this.#lost === undefined && !this.#isBehind;
  }

  /** Since when, and the newest reason; undefined while it can be reached. */
  get outage(): { readonly since: Date; readonly error: unknown } | undefined {
    return this.#lost;
  }

  /** Aborted when the connection is found to be lost from now on: whoever reads by it must begin anew. */
  get round(): AbortSignal {
    return this.#round.signal;
  }

  /**
   * Waits for `work`, but no longer than the connection is there; then it is aborted, so that nothing that it has not
   * asked for yet is done later. @throws what `work` throws, or what `lost` was told
   */
  async call<T>(work: (until: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#calls.add(reject);
    try {
      work(AbortSignal.any([signal, this.#round.signal])).then(resolve, reject);
      return await promise;
    } finally {
      this.#calls.delete(reject);
    }
  }

  /** It does not answer, or cannot be gone on with. Repeatable, also with another reason. */
  lost(error: unknown): void {
    const reason = errorText(error);
    const isTold = this.#told.has(reason);
    this.#told.add(reason);
    if (this.#lost) {
      this.#lost = { ...this.#lost, error };
      if (!isTold) this.#deps.logger.warn('the datastore still cannot be reached, for another reason', { error });
      return;
    }
    this.#lost = { since: this.#deps.now(), error };
    this.#deps.logger.warn('the datastore cannot be reached; going on with what the journal has', { error });
    // that one call certainly changed nothing says nothing of the others
    const others =
      CoilError.is(error) && error.unchanged ? new CoilError(error.code, error.message, { cause: error }) : error;
    for (const reject of this.#calls) reject(others);
    this.#calls.clear();
    const round = this.#round;
    this.#round = new AbortController();
    round.abort(error);
  }

  /** It answers, but has not been told of what an earlier process changed without it. Until `restored`. */
  behind(): void {
    this.#isBehind = true;
  }

  /** It answers again, and knows all that was changed meanwhile. */
  restored(): void {
    this.#isBehind = false;
    if (!this.#lost) return;
    const offlineMs = this.#deps.now().getTime() - this.#lost.since.getTime();
    this.#lost = undefined;
    this.#told.clear();
    this.#deps.logger.info('the datastore is reached again, and knows what was changed without it', { offlineMs });
  }
}
