// biome-ignore-all lint/suspicious/noTemplateCurlyInString: bash expands them
import { COMPLETION, SHELLS, spellings, takingValues, verbsOf } from './completion.ts';
import type { Flags } from './flag.ts';
import { allFlags } from './parse-line.ts';
import type { CommandProgramSpec, CommandSpec } from './program-spec.ts';

type Spec = CommandProgramSpec<Flags, CommandSpec>;

const BUILT_IN = ['--help', '-h', '--version'];

/**
 * The completion of bash (3.2 and newer). It is also right after `eval $(…)` without quotes, as v1 documented it: there
 * line ends become blanks, and words with one of *?[ file names. So every line ends a statement, none of these
 * characters is used, and no text relies on two blanks.
 */
export function bashCompletion(spec: Spec): string {
  const name = `_${spec.name}`;
  const lines = [`${name}() {`, ...splitLine(), ...readWords(allFlags(spec)), ...candidates(spec), ...reply(), '};'];
  return `${[...lines, `complete -F ${name} ${spec.name};`].join('\n')}\n`;
}

/** `before` the words up to the cursor's, `partial` the one that is being written. */
function splitLine(): string[] {
  return [
    'local line="${COMP_LINE:0:COMP_POINT}" before="" partial="" word="" prefix="" list="" files="";',
    'local program="" noun="" verb="" flag="" value="";',
    'for word in $line; do before="$before $partial"; partial="$word"; done;',
    'if test "${line: -1}" = " "; then before="$before $partial"; partial=""; fi;',
  ];
}

/** `noun` and `verb`, and `flag` where a value of it is being written, of which there is `value`. */
function readWords(flags: Flags): string[] {
  return [
    'for word in $before; do',
    'if test -n "$flag"; then flag=""; continue; fi;',
    `case "$word" in ${spellings(takingValues(flags)).join('|')}) flag="$word"; continue;; esac;`,
    'if test "${word:0:1}" = "-"; then continue; fi;',
    'if test -z "$program"; then program="$word";',
    'elif test -z "$noun"; then noun="$word";',
    'elif test -z "$verb"; then verb="$word"; fi;',
    'done;',
    'value="$partial";',
    'if test -z "$flag" && test "${partial:0:1}" = "-"; then',
    'IFS="=" read -r flag value <<< "$partial";',
    'if test "$flag" = "$partial"; then flag=""; value="$partial";',
    // only where = was taken out of COMP_WORDBREAKS is the flag a part of what is replaced
    'elif test "$2" = "$partial"; then prefix="$flag="; fi;',
    'fi;',
  ];
}

function candidates(spec: Spec): string[] {
  const nouns = Object.keys(spec.nouns);
  const own = spec.commands.filter(({ flags }) => Object.keys(flags).length > 0);
  const verbs = nouns.map((noun) =>
    choice(
      noun,
      verbsOf(spec, noun).map(({ verb }) => verb),
    ),
  );
  return [
    'if test -n "$flag"; then case "$flag" in',
    ...Object.entries(takingValues(allFlags(spec))).flatMap(([name, flag]) => {
      const pattern = spellings({ [name]: flag }).join('|');
      if (flag.choices) return [`${pattern}) list="${flag.choices.join(' ')}";;`];
      return flag.takes === 'file' ? [`${pattern}) files="yes";;`] : [];
    }),
    'esac;',
    'elif test "${partial:0:1}" = "-"; then',
    `list="${[...spellings(spec.flags), ...BUILT_IN].join(' ')}";`,
    `case "$noun $verb" in`,
    ...own.map(({ name, flags }) => `"${name}") list="$list ${spellings(flags).join(' ')}";;`),
    'esac;',
    `elif test -z "$noun"; then list="${[...nouns, COMPLETION].join(' ')}";`,
    `elif test -z "$verb"; then case "$noun" in ${[...verbs, choice(COMPLETION, SHELLS)].join(' ')} esac;`,
    'fi;',
  ];
}

function choice(pattern: string, words: readonly string[]): string {
  return `${pattern}) list="${words.join(' ')}";;`;
}

function reply(): string[] {
  return [
    'if test -n "$files"; then',
    'compopt -o filenames 2> /dev/null;', // unknown to bash 3.2
    "local IFS=$'\\n';",
    'COMPREPLY=($(compgen -f -P "$prefix" -- "$value"));',
    'else COMPREPLY=($(compgen -W "$list" -P "$prefix" -- "$value")); fi;',
  ];
}
