import type { Access, Action, Question } from '../coilctl/command.ts';
import { withDeadline } from '../process/deadline.ts';
import type { ProgramIo } from '../process/program.ts';
import type { StoreOptions } from '../store/open-store.ts';
import { openConfiguredStore } from './open-configured-store.ts';

/** The steps of a command of coilctl: the datastore is opened for each, and what it takes is bounded. */
export class DatastoreSteps {
  readonly #options: StoreOptions;
  readonly #stepMs: number;
  readonly #io: Pick<ProgramIo, 'env' | 'signal' | 'stdout'>;
  #mayHaveChanged = false;

  /** @param stepMs how long a step may take altogether, in milliseconds */
  constructor(options: StoreOptions, stepMs: number, io: Pick<ProgramIo, 'env' | 'signal' | 'stdout'>) {
    this.#options = options;
    this.#stepMs = stepMs;
    this.#io = io;
  }

  /** Whether a change was begun: of a step that failed then, nobody knows whether it was made. */
  get mayHaveChanged(): boolean {
    return this.#mayHaveChanged;
  }

  /** @throws what `openConfiguredStore` and the action do; DeadlineError */
  async run(access: Access, action: Action): Promise<Question | undefined> {
    const { env, signal, stdout } = this.#io;
    const options =
      this.#options.medium === 'sqlite' ? { ...this.#options, create: access === 'begin' } : this.#options;
    const result = await withDeadline({ ms: this.#stepMs, signal }, async (until) => {
      await using store = await openConfiguredStore(options, { env, signal: until });
      this.#mayHaveChanged = access !== 'read';
      return await action({ store, stdout, signal: until });
    });
    return result ?? undefined;
  }
}
