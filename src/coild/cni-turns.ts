import { BoundedTurns } from './bounded-turns.ts';
import type { ServingLimits } from './serving-limits.ts';

/** Takes no turn: it answers at once, and is asked for when nothing else works. */
const STATUS = 'STATUS';
const NO_TURN: Disposable = { [Symbol.dispose]: () => undefined };

/** The turns of the plugin's calls. ADDs, which may wait for the datastore, keep no DEL from its turn. */
export class CniTurns {
  readonly #adds: BoundedTurns;
  readonly #others: BoundedTurns;

  constructor({ atOnce, waiting }: Pick<ServingLimits, 'atOnce' | 'waiting'>) {
    this.#adds = new BoundedTurns({ what: 'ADD', atOnce, waiting });
    this.#others = new BoundedTurns({ what: 'DEL, CHECK and GC', atOnce, waiting });
  }

  /** @param command CNI_COMMAND @throws as BoundedTurns */
  async take(command: string | undefined, signal: AbortSignal): Promise<Disposable> {
    if (command === STATUS) return NO_TURN;
    return await (command === 'ADD' ? this.#adds : this.#others).take(signal);
  }
}
