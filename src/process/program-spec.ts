import type { ConfigSpec } from './config-file.ts';
import type { Flags } from './flag.ts';

/** What the help text says, and which flags there are. */
export interface ProgramSpec<F extends Flags> {
  /** As administrators type it. */
  readonly name: string;
  /** What the program does; the help text begins with it. */
  readonly summary: string;
  readonly flags: F;
  /** Ends the help text: the environment, files, an example. */
  readonly epilogue?: string;
}

/** A subcommand: `pool create NAME SUBNET SIZE`. */
export interface CommandSpec {
  /** Noun and verb: `pool create`. */
  readonly name: string;
  readonly summary: string;
  /** Its arguments in order, all of them required, and what the help text says of each. */
  readonly args: Readonly<Record<string, string>>;
  readonly flags: Flags;
}

/** A program with subcommands, each of which takes the program's flags too. */
export interface CommandProgramSpec<F extends Flags, C extends CommandSpec> extends ProgramSpec<F> {
  readonly commands: readonly C[];
  /** Absent where the program has no configuration file. */
  readonly config?: ConfigSpec;
  /** What the help text says of each noun. */
  readonly nouns: Readonly<Record<string, string>>;
}

/** `pool create <name> <subnet> <size>` */
export function commandUsage({ name, args }: CommandSpec): string {
  return [name, ...Object.keys(args).map((arg) => `<${arg}>`)].join(' ');
}

/** A program of either kind, whatever its flags. */
export type AnyProgramSpec = ProgramSpec<Flags> | CommandProgramSpec<Flags, CommandSpec>;
