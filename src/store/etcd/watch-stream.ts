import type { CoilError } from '../../model/error.ts';
import type { EtcdClient, WatchCall } from './etcd-client.ts';
import { reasonOf, unavailable } from './etcd-error.ts';
import type { EventMessage, WatchResponse } from './etcd-messages.ts';
import { EVENT_TYPE } from './etcd-protocol.ts';
import { type KeyValue, toKeyValue } from './transaction.ts';

export interface WatchEvent {
  readonly watch: Watch;
  /** The value is empty where the key was removed. */
  readonly entry: KeyValue;
  readonly removed: boolean;
}

/** One range of keys that is watched. Its events are in the order of their revisions. */
export interface Watch {
  readonly start: string;
  readonly end: string;
}

interface WatchState extends Watch {
  id: number | undefined;
  cancelled: boolean;
}

export interface WatchStreamOptions {
  /** Completes "cannot …" in errors. */
  readonly what: string;
  /** Events that may wait for the consumer. */
  readonly maxWaiting: number;
}

/**
 * Several watches in one gRPC stream. Whatever ends the stream or one of its watches
 * (the connection, a compaction, a consumer that is too slow) ends all by an error, so that there is never a gap.
 * Events of one watch are in order; those of several are not ordered among each other while one of them catches up.
 */
export class WatchStream implements AsyncIterable<WatchEvent>, Disposable {
  readonly #call: WatchCall;
  readonly #urls: readonly string[];
  readonly #options: WatchStreamOptions;
  /** Those whose creation was not confirmed yet, in the order of their requests: etcd answers in that order. */
  readonly #creating: WatchState[] = [];
  readonly #watches = new Map<number, WatchState>();
  #waiting: WatchEvent[] = [];
  #failure: { error: unknown } | undefined;
  #wake: () => void = () => {};

  private constructor(call: WatchCall, urls: readonly string[], options: WatchStreamOptions) {
    this.#call = call;
    this.#urls = urls;
    this.#options = options;
    this.#receiveAll().catch((error: unknown) => this.fail(this.#unavailable(reasonOf(error), error)));
  }

  static async open(client: EtcdClient, options: WatchStreamOptions, signal: AbortSignal): Promise<WatchStream> {
    return new WatchStream(await client.openWatch(options.what, signal), client.urls, options);
  }

  /** Watches the keys from `start` up to, but not including, `end`: every change since `revision`, inclusive. */
  watch(start: string, end: string, revision: number): Watch {
    const watch: WatchState = { start, end, id: undefined, cancelled: false };
    this.#creating.push(watch);
    this.#call.write({ create: { key: start, rangeEnd: end, startRevision: revision } });
    return watch;
  }

  /** No event of the watch is given any more, not even one that waits. */
  unwatch(watch: Watch): void {
    const state = watch as WatchState;
    state.cancelled = true;
    if (state.id !== undefined) this.#cancel(state.id);
  }

  /** Ends the iteration with `error`, now. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#waiting = [];
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchEvent, void, undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure.error;
      const event = this.#waiting.shift();
      if (event === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else if (!(event.watch as WatchState).cancelled) yield event;
    }
  }

  [Symbol.dispose](): void {
    this.fail(this.#unavailable('the watch was closed'));
    this.#call.cancel();
  }

  async #receiveAll(): Promise<void> {
    for await (const response of this.#call) this.#receive(response);
    this.fail(this.#unavailable('etcd ended the watch'));
  }

  #receive(response: WatchResponse): void {
    if (response.created) this.#created(response);
    else if (response.canceled) this.#canceled(response);
    else this.#enqueue(response);
  }

  #created(response: WatchResponse): void {
    const watch = this.#creating.shift();
    if (response.canceled || !watch) {
      this.#canceled(response);
      return;
    }
    watch.id = response.watchId;
    this.#watches.set(watch.id, watch);
    if (watch.cancelled) this.#cancel(watch.id);
  }

  #canceled({ watchId: id, compactRevision: compacted, cancelReason: reason }: WatchResponse): void {
    // etcd confirms what was asked for
    if (this.#watches.get(id)?.cancelled) this.#watches.delete(id);
    else if (compacted > 0) this.fail(this.#unavailable(`history before revision ${compacted} was compacted`));
    else this.fail(this.#unavailable(reason || 'etcd ended the watch'));
  }

  #enqueue({ watchId: id, events }: WatchResponse): void {
    const watch = this.#watches.get(id);
    if (!watch || watch.cancelled || this.#failure) return;
    if (this.#waiting.length + events.length > this.#options.maxWaiting) {
      const reason = `${this.#waiting.length + events.length} changes wait to be taken, more than can be kept`;
      this.fail(this.#unavailable(reason));
      this.#call.cancel();
      return;
    }
    for (const event of events) this.#waiting.push(toEvent(watch, event));
    this.#wake();
  }

  #cancel(id: number): void {
    this.#call.write({ cancel: { watchId: id } });
  }

  #unavailable(reason: string, cause?: unknown): CoilError {
    return unavailable(this.#urls, this.#options.what, { reason, cause });
  }
}

function toEvent(watch: Watch, { type, kv }: EventMessage): WatchEvent {
  // every event has one
  return { watch, entry: toKeyValue(kv!), removed: type === EVENT_TYPE.delete };
}
