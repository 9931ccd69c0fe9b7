import yargs, { type Argv, type Options } from 'yargs';
import { COMPLETION_SUMMARY, COMPLETION_USAGE, DEFAULT_SHELL, SHELLS } from './completion.ts';
import type { Flag, Flags } from './flag.ts';
import { type AnyProgramSpec, type CommandProgramSpec, type CommandSpec, commandUsage } from './program-spec.ts';

/** Columns of the help text. */
const WIDTH = 110;

/** The help text of a program, or of the noun or the command in it that `words` name. */
export function helpText(spec: AnyProgramSpec, words: readonly string[]): string {
  const parser = describeProgram(spec);
  if ('commands' in spec) describeCommands(parser, spec);
  let text = '';
  // with a callback yargs neither prints nor exits
  parser.parse([...words, '--help'], {}, (_error, _given, output) => {
    text = output;
  });
  return text;
}

function describeProgram(spec: AnyProgramSpec): Argv {
  return yargs()
    .scriptName(spec.name)
    .locale('en')
    .updateStrings({ 'Options:': 'Flags:', 'Positionals:': 'Arguments:' })
    .usage(`$0\n\n${spec.summary}`)
    .options(optionsOf(spec.flags))
    .alias('help', 'h')
    .version('')
    .epilogue(spec.epilogue ?? '')
    .exitProcess(false)
    .wrap(WIDTH);
}

/** Each command stands below its noun. */
function describeCommands(parser: Argv, spec: CommandProgramSpec<Flags, CommandSpec>): void {
  for (const [noun, summary] of Object.entries(spec.nouns)) {
    const verbs = spec.commands.filter(({ name }) => name.startsWith(`${noun} `));
    const choices = verbs.map(({ name }) => name.slice(noun.length + 1)).join(', ');
    parser.command(noun, `${summary}: ${choices}`, (below) => {
      for (const verb of verbs) describeCommand(below, noun, verb);
      return below;
    });
  }
  parser.command(COMPLETION_USAGE, COMPLETION_SUMMARY, (below) =>
    below.positional('shell', { describe: SHELLS.join(', '), type: 'string', defaultDescription: DEFAULT_SHELL }),
  );
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

function optionOf({ kind, describe, short, group, env, member, default: value }: Flag<unknown>): Options {
  const elsewhere = [...(env ? [`environment: ${env}`] : []), ...(member ? [`file: ${member}`] : [])];
  return {
    describe: elsewhere.length === 0 ? describe : `${describe} (${elsewhere.join('; ')})`,
    ...(short === undefined ? {} : { alias: short }),
    type: kind === 'switch' ? 'boolean' : 'string',
    ...(group === undefined ? {} : { group }),
    ...(value === undefined ? {} : { defaultDescription: JSON.stringify(value) }),
  };
}
