import { COMPLETION, COMPLETION_SUMMARY, SHELLS, spellings, takingValues, verbsOf } from './completion.ts';
import type { Flag, Flags } from './flag.ts';
import { allFlags } from './parse-line.ts';
import type { CommandProgramSpec, CommandSpec } from './program-spec.ts';

/** The completion of fish, for `… | source` or a file in ~/.config/fish/completions. */
export function fishCompletion(spec: CommandProgramSpec<Flags, CommandSpec>): string {
  const complete = `complete -c ${spec.name}`;
  const at = (...words: string[]) => `${complete} -n ${quote([`__${spec.name}_at`, ...words].join(' '))}`;
  const option = ([name, flag]: [string, Flag<unknown>]) =>
    `${flag.short ? `-s ${flag.short} ` : ''}-l ${name}${argument(flag)} -d ${quote(flag.describe)}`;
  return [
    wordsBefore(spec),
    `${complete} -f`,
    `${complete} -s h -l help -d 'Show help'`,
    `${complete} -l version -d 'Show version number'`,
    ...Object.entries(spec.flags).map((flag) => `${complete} ${option(flag)}`),
    ...Object.entries({ ...spec.nouns, [COMPLETION]: COMPLETION_SUMMARY }).map(
      ([noun, summary]) => `${at()} -a ${noun} -d ${quote(summary)}`,
    ),
    ...Object.keys(spec.nouns).flatMap((noun) =>
      verbsOf(spec, noun).map(({ verb, summary }) => `${at(noun)} -a ${verb} -d ${quote(summary)}`),
    ),
    `${at(COMPLETION)} -a ${quote(SHELLS.join(' '))}`,
    ...spec.commands.flatMap(({ name, flags }) =>
      Object.entries(flags).map((flag) => `${at(name, '...')} ${option(flag)}`),
    ),
    '',
  ].join('\n');
}

/** Defines the condition: the words before the cursor, without flags, are these; after `...` there may be more. */
function wordsBefore({ name, ...spec }: CommandProgramSpec<Flags, CommandSpec>): string {
  const taking = spellings(takingValues(allFlags({ name, ...spec })));
  return `function __${name}_at
    set -l words
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word ${taking.join(' ')}
            set skip 1
        else if not string match -q -- '-*' $word
            set -a words $word
        end
    end
    if test "$argv[-1]" = ...
        test "$words[1..2]" = "$argv[1..-2]"
    else
        test "$words" = "$argv"
    end
end`;
}

function argument({ kind, choices, takes }: Flag<unknown>): string {
  if (kind === 'switch') return '';
  if (choices) return ` -x -a ${quote(choices.join(' '))}`;
  return takes === 'file' ? ' -r -F' : ' -x';
}

function quote(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
