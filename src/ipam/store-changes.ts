import { CoilError } from '../model/error.ts';
import type { IpPrefix } from '../model/ip-prefix.ts';
import { abortable } from '../process/abortable.ts';
import { Backoff } from '../process/backoff.ts';
import type { Logger } from '../process/logger.ts';
import type {
  AcquiredBlock,
  AddressRecord,
  AllocateOutcome,
  AllocateRequest,
  BlockRequest,
  FreeOutcome,
  FreeRequest,
  IpamStore,
  PoolBlock,
  ReleaseOutcome,
} from '../store/ipam-store.ts';

/** What a node asks of the datastore, its watch apart. */
type NodeStore = Pick<IpamStore, 'acquireBlock' | 'releaseBlock' | 'allocate' | 'free' | 'listAddresses'>;

export interface StoreChangesDeps {
  readonly store: NodeStore & Pick<IpamStore, 'checkWritable'>;
  /** Whether the store is known to go on without the datastore. By default, never. */
  readonly isOffline?: () => boolean;
  readonly logger: Logger;
  /** Waits between two tries. */
  readonly backoff?: Backoff;
}

/**
 * A node's way to change the datastore, which knows whether that is possible. One that is full or read-only can be
 * watched as ever, and serves no ADD; and who is told so may ask for no ADD any more by which the end of it would be
 * noticed. So after a change that failed, `run` tries until it is possible again.
 */
export class StoreChanges implements NodeStore {
  readonly #store: StoreChangesDeps['store'];
  readonly #isOffline: () => boolean;
  readonly #logger: Logger;
  readonly #backoff: Backoff;
  #failure: string | undefined;
  #failed = Promise.withResolvers<void>();

  constructor({
    store,
    isOffline = () => false,
    logger,
    backoff = new Backoff({ baseMs: 500, maxMs: 5_000 }),
  }: StoreChangesDeps) {
    this.#store = store;
    this.#isOffline = isOffline;
    this.#logger = logger;
    this.#backoff = backoff;
  }

  /** Why the datastore cannot be changed now; undefined where it can, as far as is known. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Tries at first, and after each change that failed until it is possible again. Ends with `signal`; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (await this.#try(signal)) await abortable(this.#failed.promise, signal).catch(() => undefined);
      else await this.#backoff.wait(signal).catch(() => undefined);
    }
  }

  acquireBlock(request: BlockRequest, signal: AbortSignal, unreadable?: CoilError[]): Promise<AcquiredBlock> {
    return this.#observed(this.#store.acquireBlock(request, signal, unreadable), this.#isOffline);
  }

  releaseBlock(node: string, block: PoolBlock, signal: AbortSignal): Promise<ReleaseOutcome> {
    return this.#observed(this.#store.releaseBlock(node, block, signal), this.#isOffline);
  }

  allocate(request: AllocateRequest, signal: AbortSignal): Promise<AllocateOutcome> {
    return this.#observed(this.#store.allocate(request, signal));
  }

  free(addresses: readonly FreeRequest[], signal: AbortSignal): Promise<FreeOutcome> {
    return this.#observed(this.#store.free(addresses, signal));
  }

  listAddresses(block: IpPrefix, signal: AbortSignal, unreadable?: CoilError[]): Promise<readonly AddressRecord[]> {
    return this.#store.listAddresses(block, signal, unreadable);
  }

  /** Only this tells that it is possible again: a change may succeed because there was nothing to change. */
  async #try(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#store.checkWritable(signal);
      if (this.#failure !== undefined) this.#logger.info('the datastore can be changed again');
      this.#failure = undefined;
      this.#failed = Promise.withResolvers();
      this.#backoff.reset();
      return true;
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
      return false;
    }
  }

  /** @param isExpected whether a failure says nothing of other changes: blocks can only be had from the datastore */
  async #observed<T>(change: Promise<T>, isExpected = () => false): Promise<T> {
    try {
      return await change;
    } catch (error) {
      if (CoilError.is(error, 'store-unavailable') && !isExpected()) this.#fail(error);
      throw error;
    }
  }

  #fail(error: unknown): void {
    if (this.#failure === undefined) this.#logger.error('cannot change the datastore; trying again', { error });
    this.#failure = error instanceof Error ? error.message : String(error);
    this.#failed.resolve();
  }
}
