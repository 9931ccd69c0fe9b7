import { findCommand } from './find-command.ts';
import type { Flags, FlagValues } from './flag.ts';
import { type ParsedLine, parseLine } from './parse-line.ts';
import type { ProgramIo } from './program.ts';
import {
  type AnyProgramSpec,
  type CommandProgramSpec,
  type CommandSpec,
  commandUsage,
  type ProgramSpec,
} from './program-spec.ts';
import { UsageError } from './usage-error.ts';
import { VERSION } from './version.ts';

/** A command line with a subcommand, read. */
export interface CommandLine<F extends Flags, C extends CommandSpec> {
  readonly flags: FlagValues<F>;
  readonly command: C;
  readonly args: Readonly<Record<string, string>>;
  /** Values of the subcommand's own flags. */
  readonly commandFlags: Readonly<Record<string, unknown>>;
}

type Io = Pick<ProgramIo, 'argv' | 'env' | 'stdout' | 'stderr'>;

/** Exit status of a command line that the program does not take. */
const USAGE_STATUS = 2;

/**
 * Reads the flags of `spec` from `io`, and runs `body` with them. Answers `--help` and `--version` (status 0); what is
 * wrong with the command line, also where `body` throws a UsageError, is said on standard error (status 2).
 */
export function withFlags<F extends Flags>(
  spec: ProgramSpec<F>,
  io: Io,
  body: (flags: FlagValues<F>) => Promise<number>,
): Promise<number> {
  return answering(spec, io, ({ flags, words }) => {
    if (words.length > 0) throw new UsageError(`${spec.name} takes flags only, not ${JSON.stringify(words.join(' '))}`);
    return body(readFlags(spec.flags, flags, io.env));
  });
}

/** As `withFlags`, for a program with subcommands. */
export function withCommand<F extends Flags, C extends CommandSpec>(
  spec: CommandProgramSpec<F, C>,
  io: Io,
  body: (line: CommandLine<F, C>) => Promise<number>,
): Promise<number> {
  return answering(spec, io, ({ flags: given, words }) => {
    const { command, args } = findCommand(spec, words);
    const foreign = [...given.keys()].find((name) => !(name in spec.flags || name in command.flags));
    if (foreign !== undefined) throw new UsageError(`${command.name} does not take --${foreign}`);
    const flags = readFlags(spec.flags, given, io.env);
    return body({ command, args, flags, commandFlags: readFlags(command.flags, given, io.env) });
  });
}

async function answering(spec: AnyProgramSpec, io: Io, body: (line: ParsedLine) => Promise<number>): Promise<number> {
  try {
    const line = parseLine(spec, io.argv);
    if (line.request === 'run') return await body(line);
    io.stdout.write(line.request === 'help' ? await help(spec, line) : `${spec.name} ${VERSION}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.stderr.write(`${spec.name}: ${error.message}\n${whereToLook(spec, io.argv)}\n`);
    return USAGE_STATUS;
  }
}

async function help(spec: AnyProgramSpec, { words }: ParsedLine): Promise<string> {
  // yargs takes 100 ms to load, as long as all else of a command
  const { helpText } = await import('./help-text.ts');
  return `${helpText(spec, words)}\n`;
}

/** Names the help text of what was most likely meant. */
function whereToLook(spec: AnyProgramSpec, [noun = '', verb = '']: readonly string[]): string {
  const help = (...words: string[]) => `'${[spec.name, ...words].join(' ')} --help' tells what it takes`;
  if (!('commands' in spec)) return help();
  const command = spec.commands.find(({ name }) => name === `${noun} ${verb}`);
  if (command) return `usage: ${spec.name} ${commandUsage(command)}\n${help(command.name)}`;
  return Object.hasOwn(spec.nouns, noun) ? help(noun) : help();
}

/** Flag beats environment beats default. @throws {UsageError} */
function readFlags<F extends Flags>(flags: F, given: ParsedLine['flags'], env: Io['env']): FlagValues<F> {
  const values = Object.entries(flags).map(([name, flag]) => {
    const text = given.get(name);
    if (text !== undefined) return [name, flag.read(text, `--${name}`)];
    const fromEnv = flag.env === undefined ? undefined : env[flag.env];
    return [name, fromEnv ? flag.read(fromEnv, flag.env!) : flag.read(flag.default, `--${name}`)];
  });
  return Object.fromEntries(values) as FlagValues<F>;
}
