import { COMPLETION } from './completion.ts';
import { findCommand } from './find-command.ts';
import type { Flags, FlagValues } from './flag.ts';
import { type FlagSources, openSources, readFlags } from './flag-sources.ts';
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
  /** What the values of all flags were read from. */
  readonly sources: FlagSources;
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
    return body(readFlags(spec.flags, { given: flags, env: io.env }));
  });
}

/** As `withFlags`, for a program with subcommands. */
export function withCommand<F extends Flags, C extends CommandSpec>(
  spec: CommandProgramSpec<F, C>,
  io: Io,
  body: (line: CommandLine<F, C>) => Promise<number>,
): Promise<number> {
  return answering(spec, io, async ({ flags: given, words }) => {
    const [noun, ...rest] = words;
    if (noun === COMPLETION) {
      const { completionScript } = await import('./completion-script.ts');
      io.stdout.write(await completionScript(spec, rest));
      return 0;
    }
    const { command, args } = findCommand(spec, words);
    const foreign = [...given.keys()].find((name) => !(name in spec.flags || name in command.flags));
    if (foreign !== undefined) throw new UsageError(`${command.name} does not take --${foreign}`);
    const sources = await openSources(spec, { given, env: io.env });
    const flags = readFlags(spec.flags, sources);
    const commandFlags = readFlags(command.flags, sources);
    return await body({ command, args, flags, commandFlags, sources });
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
