import type { Writable } from 'node:stream';
import type { Flags, FlagValues } from '../process/flag.ts';
import type { CommandSpec } from '../process/program-spec.ts';
import type { IpamStore } from '../store/ipam-store.ts';

/** What a subcommand works with. */
export interface CommandDeps {
  readonly store: IpamStore;
  /** For results, which scripts parse; nothing else goes there. */
  readonly stdout: Pick<Writable, 'write'>;
  readonly signal: AbortSignal;
}

/** A subcommand whose arguments have been read. Nothing more is to be done, unless it gives a question. */
export type Action = (deps: CommandDeps) => Promise<Question | undefined> | Promise<void>;

/** What an administrator has to agree to before anything is changed. */
export interface Question {
  /** What a yes may do; stands before the question. */
  readonly warning: string;
  /** `free 10.11.0.1?` */
  readonly text: string;
  /** Whether the command line says yes already. */
  readonly agreed: boolean;
  /** What a no leaves as it is. */
  readonly unchanged: string;
  readonly confirmed: (deps: CommandDeps) => Promise<void>;
}

/**
 * What the action of a command does with the datastore: looks at it, changes it, or begins it too: an embedded one is
 * made where there is none. What is done after a question is a change.
 */
export type Access = 'read' | 'change' | 'begin';

/** A subcommand of coilctl. */
export interface Command extends CommandSpec {
  readonly access: Access;
  /**
   * Reads the arguments: what is wrong with them is known before a datastore is opened.
   * @throws {CoilError} invalid-argument
   */
  readonly prepare: (args: Readonly<Record<string, string>>, flags: Readonly<Record<string, unknown>>) => Action;
}

interface CommandDefinition<A extends string, F extends Flags> extends CommandSpec {
  readonly access: Access;
  readonly args: Readonly<Record<A, string>>;
  readonly flags: F;
  readonly prepare: (args: Readonly<Record<A, string>>, flags: FlagValues<F>) => Action;
}

/** A command from its definition, in which arguments and flags have their types. */
export function defineCommand<A extends string, F extends Flags>(definition: CommandDefinition<A, F>): Command {
  // the parser gives exactly the arguments and flags that the definition names
  return {
    ...definition,
    prepare: (args, flags) => definition.prepare(args as Readonly<Record<A, string>>, flags as FlagValues<F>),
  };
}
