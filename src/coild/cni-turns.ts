import type { CniParameters } from '../cni/cni-request.ts';
import { BoundedTurns } from './bounded-turns.ts';
import { PendingAdds } from './pending-adds.ts';
import type { ServingLimits } from './serving-limits.ts';

/** Lasts until it is disposed of. */
export interface CniTurn extends Disposable {
  /** Aborted where the call is to stop. */
  readonly signal: AbortSignal;
}

/**
 * The turns of the plugin's calls. ADDs, which may wait for the datastore, keep no DEL from its turn; but a DEL ends the
 * ADDs of its attachment that came before it.
 */
export class CniTurns {
  readonly #adds: BoundedTurns;
  readonly #others: BoundedTurns;
  readonly #pending = new PendingAdds();

  constructor({ atOnce, waiting }: Pick<ServingLimits, 'atOnce' | 'waiting'>) {
    this.#adds = new BoundedTurns({ what: 'ADD', atOnce, waiting });
    this.#others = new BoundedTurns({ what: 'DEL, CHECK and GC', atOnce, waiting });
  }

  /** To be called in the order in which the calls come. @throws as BoundedTurns */
  async take(call: Pick<CniParameters, 'command' | 'containerId' | 'ifname'>, signal: AbortSignal): Promise<CniTurn> {
    const attachment = `${call.containerId} ${call.ifname}`;
    switch (call.command) {
      case 'ADD':
        return await this.#takeForAdd(attachment, signal);
      case 'STATUS':
        // answers at once, and is asked for when nothing else works
        return { signal, [Symbol.dispose]: () => undefined };
      case 'DEL':
        await this.#pending.end(attachment, signal);
        return withSignal(await this.#others.take(signal), signal);
      default:
        return withSignal(await this.#others.take(signal), signal);
    }
  }

  async #takeForAdd(attachment: string, deadline: AbortSignal): Promise<CniTurn> {
    const add = this.#pending.begin(attachment);
    const signal = AbortSignal.any([deadline, add.signal]);
    try {
      const turn = await this.#adds.take(signal);
      const end = () => {
        turn[Symbol.dispose]();
        add[Symbol.dispose]();
      };
      return { signal, [Symbol.dispose]: end };
    } catch (error) {
      add[Symbol.dispose]();
      throw error;
    }
  }
}

function withSignal(turn: Disposable, signal: AbortSignal): CniTurn {
  return { signal, [Symbol.dispose]: () => turn[Symbol.dispose]() };
}
