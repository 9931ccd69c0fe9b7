import { COMPLETION } from './completion.ts';
import type { Flags } from './flag.ts';
import type { CommandProgramSpec, CommandSpec } from './program-spec.ts';
import { UsageError } from './usage-error.ts';

/** A command, and its arguments by their names. */
export interface FoundCommand<C> {
  readonly command: C;
  readonly args: Readonly<Record<string, string>>;
}

/**
 * The command that `words` name, `pool create NAME SUBNET SIZE`, with its arguments.
 * @throws {UsageError} naming what is missing, unknown or too much
 */
export function findCommand<C extends CommandSpec>(
  spec: CommandProgramSpec<Flags, C>,
  words: readonly string[],
): FoundCommand<C> {
  const [noun, verb, ...values] = words;
  const names = [...spec.commands.map(({ name }) => name), COMPLETION];
  if (noun === undefined) throw new UsageError(`a command is missing: ${names.join(', ')}`);
  const below = names.filter((name) => name.startsWith(`${noun} `));
  if (below.length === 0) throw new UsageError(`there is no command ${quote(noun)}, but ${names.join(', ')}`);
  if (verb === undefined) throw new UsageError(`a command is missing after ${noun}: ${below.join(', ')}`);
  const command = spec.commands.find(({ name }) => name === `${noun} ${verb}`);
  if (command === undefined)
    throw new UsageError(`there is no command ${quote(`${noun} ${verb}`)}, but ${below.join(', ')}`);
  return { command, args: nameArguments(command, values) };
}

function nameArguments(command: CommandSpec, values: readonly string[]): Record<string, string> {
  const names = Object.keys(command.args);
  const missing = names.slice(values.length).map((name) => `<${name}>`);
  if (missing.length > 0) throw new UsageError(`missing after ${command.name}: ${missing.join(' ')}`);
  const surplus = values.slice(names.length).map(quote);
  if (surplus.length > 0) throw new UsageError(`too much after ${command.name}: ${surplus.join(' ')}`);
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
}

function quote(text: string): string {
  return JSON.stringify(text);
}
