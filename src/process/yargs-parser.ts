import yargs, { type Argv, type Options } from 'yargs';
import type { Flag, Flags } from './flag.ts';
import { type CommandProgramSpec, type CommandSpec, commandUsage, type ProgramSpec } from './program-spec.ts';
import { UsageError } from './usage-error.ts';
import { VERSION } from './version.ts';

/** A command line, taken apart but not read: flags and named arguments as they were given. */
export interface ParsedLine {
  readonly outcome: 'parsed';
  readonly given: Readonly<Record<string, unknown>>;
  /** Name of the subcommand; empty where there is none. */
  readonly command: string;
}

/** `--help` or `--version` was asked for, and is not printed yet. */
export interface HelpText {
  readonly outcome: 'help';
  readonly text: string;
}

/** Takes the arguments of a program apart. Neither prints nor exits. @throws {UsageError} */
export function parseLine(
  spec: ProgramSpec<Flags> | CommandProgramSpec<Flags, CommandSpec>,
  argv: readonly string[],
): ParsedLine | HelpText {
  const parser = describeProgram(spec);
  if ('commands' in spec) describeCommands(parser, spec);
  let parsed: ParsedLine | HelpText | undefined;
  // with a callback yargs leaves all printing to us
  parser.parse([...argv], {}, (error, given, output) => {
    if (error) throw new UsageError(error.message, { cause: error });
    parsed = output ? { outcome: 'help', text: output } : { outcome: 'parsed', given, command: given._.join(' ') };
  });
  return parsed!;
}

function describeProgram(spec: ProgramSpec<Flags>): Argv {
  return yargs()
    .scriptName(spec.name)
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'duplicate-arguments-array': false, // the last one counts, as with Go's flags
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .locale('en')
    .updateStrings({
      'Options:': 'Flags:',
      'Positionals:': 'Arguments:',
      'Not enough arguments following: %s': 'a value is missing after --%s',
    })
    .usage(`$0\n\n${spec.summary}`)
    .options(optionsOf(spec.flags))
    .alias('help', 'h')
    .version(`${spec.name} ${VERSION}`)
    .epilogue(spec.epilogue ?? '')
    .strict()
    .exitProcess(false)
    .showHelpOnFail(false)
    .wrap(110);
}

/** Each command stands below its noun. */
function describeCommands(parser: Argv, spec: CommandProgramSpec<Flags, CommandSpec>): void {
  for (const [noun, summary] of Object.entries(spec.nouns)) {
    const verbs = spec.commands.filter(({ name }) => name.startsWith(`${noun} `));
    const choices = verbs.map(({ name }) => name.slice(noun.length + 1)).join(', ');
    parser.command(noun, `${summary}: ${choices}`, (below) => {
      for (const verb of verbs) describeCommand(below, noun, verb);
      return below.demandCommand(1, `a command is missing after ${noun}: ${choices}`);
    });
  }
  parser.demandCommand(1, `a command is missing: ${spec.commands.map(({ name }) => name).join(', ')}`);
}

function describeCommand(parser: Argv, noun: string, command: CommandSpec): void {
  parser.command(commandUsage(command).slice(noun.length + 1), command.summary, (verb) => {
    for (const [name, describe] of Object.entries(command.args)) verb.positional(name, { describe, type: 'string' });
    return verb.options(optionsOf(command.flags));
  });
}

function optionsOf(flags: Flags): Record<string, Options> {
  return Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, optionOf(flag)]));
}

function optionOf({ kind, describe, group, env, default: value }: Flag<unknown>): Options {
  return {
    describe: env === undefined ? describe : `${describe} (environment: ${env})`,
    ...(kind === 'switch' ? { type: 'boolean' } : { type: 'string', requiresArg: true }),
    ...(group === undefined ? {} : { group }),
    ...(value === undefined ? {} : { defaultDescription: JSON.stringify(value) }),
  };
}
