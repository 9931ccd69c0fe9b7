import { randomUUID } from 'node:crypto';
import { CoilError } from '../../model/error.ts';
import { abortable } from '../../process/abortable.ts';
import type { EtcdClient } from './etcd-client.ts';
import { isOutOfSpace } from './etcd-error.ts';
import type { TxnRequest, TxnResponse } from './etcd-messages.ts';
import { found, get, hasValue, isAbsent, put, remove } from './transaction.ts';

/** What the term's key has; undefined where it is absent. */
interface Term {
  readonly value: string | undefined;
}

/** With more terms of others in a row than these, two coilds serve one node. */
const ATTEMPTS = 8;

/** How addresses and blocks are changed. */
export interface Changes {
  /** As EtcdClient's. */
  transact(what: string, request: TxnRequest, signal: AbortSignal): Promise<TxnResponse>;
  /**
   * Resolves once nothing that was asked for before will be done any more.
   * @param what completes "cannot …" in errors
   * @throws {CoilError} store-unavailable
   */
  settled(what: string, signal: AbortSignal): Promise<void>;
}

/**
 * The term in which a node's coild makes its changes. etcd may carry out a change long after the answer was given up:
 * it stood in a queue of a member that was slow. So each change compares the node's term, and a new term begins with
 * each coild, and after each change that got no answer: before anything is asked or read next. What was asked for in an
 * earlier term was done before that, or never will be.
 */
export class NodeTerm implements Changes {
  readonly #client: Pick<EtcdClient, 'transact'>;
  readonly #node: string;
  readonly #key: string;
  /** Undefined where a new one has to begin. */
  #term: Term | undefined;
  #beginning: Promise<Term> | undefined;

  /** @param key in which the term stands */
  constructor(client: Pick<EtcdClient, 'transact'>, { node, key }: { readonly node: string; readonly key: string }) {
    this.#client = client;
    this.#node = node;
    this.#key = key;
  }

  async settled(what: string, signal: AbortSignal): Promise<void> {
    await this.#current(what, signal);
  }

  async transact(what: string, request: TxnRequest, signal: AbortSignal): Promise<TxnResponse> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const term = await this.#current(what, signal);
      const response = await this.#transactIn(term, { what, request }, signal);
      if (response.succeeded || found(response).at(-1)?.[0]?.value === term.value) return response;
      this.#end(term);
    }
    const message = `cannot ${what}: others make changes as node ${this.#node}; is COIL_NODE_NAME right everywhere?`;
    throw new CoilError('conflict', message);
  }

  async #transactIn(
    term: Term,
    { what, request }: { what: string; request: TxnRequest },
    signal: AbortSignal,
  ): Promise<TxnResponse> {
    const isIn = term.value === undefined ? isAbsent(this.#key) : hasValue(this.#key, term.value);
    const compare = [...(request.compare ?? []), isIn];
    const failure = [...(request.failure ?? []), get(this.#key)];
    // at once: who gives it up may look at the node in the next moment
    const onAbort = () => this.#end(term);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.#client.transact(what, { ...request, compare, failure }, signal);
    } catch (error) {
      if (!(CoilError.is(error) && error.unchanged)) this.#end(term);
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #end(term: Term): void {
    if (this.#term === term) this.#term = undefined;
  }

  /** Others wait for the same one: it ends with nobody's signal, but by the client's own deadline. */
  async #current(what: string, signal: AbortSignal): Promise<Term> {
    signal.throwIfAborted();
    if (this.#term !== undefined) return this.#term;
    this.#beginning ??= this.#begin(what).finally(() => {
      this.#beginning = undefined;
    });
    return await abortable(this.#beginning, signal);
  }

  async #begin(what: string): Promise<Term> {
    const { signal } = new AbortController();
    let value: string | undefined = randomUUID();
    try {
      await this.#client.transact(what, { success: [put(this.#key, value)] }, signal);
    } catch (error) {
      if (!isOutOfSpace(error)) throw error;
      // nothing can be assigned now, but addresses can be freed: a key that is gone ends every other term too
      value = undefined;
      await this.#client.transact(what, { success: [remove(this.#key)] }, signal);
    }
    this.#term = { value };
    return this.#term;
  }
}
