import { COMPLETION, COMPLETION_SUMMARY, SHELLS, spellings, takingValues, verbsOf } from './completion.ts';
import type { Flag, Flags } from './flag.ts';
import { allFlags } from './parse-line.ts';
import type { CommandProgramSpec, CommandSpec } from './program-spec.ts';

/**
 * The completion of zsh: for `source <(…)` after compinit, or as the file `_NAME` in a folder of fpath. The words are
 * looked through first, because the flags of a command follow from its noun and verb.
 */
export function zshCompletion(spec: CommandProgramSpec<Flags, CommandSpec>): string {
  const nouns = { ...spec.nouns, [COMPLETION]: COMPLETION_SUMMARY };
  return `#compdef ${spec.name}
_${spec.name}() {
  local word noun verb skip
  local -a flags verbs
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n $skip ]]; then skip=; continue; fi
    case $word in
      (${spellings(takingValues(allFlags(spec))).join('|')}) skip=yes ;;
      (-*) ;;
      (*) if [[ -z $noun ]]; then noun=$word; elif [[ -z $verb ]]; then verb=$word; fi ;;
    esac
  done
  flags=(
    '(- *)'{-h,--help}'[Show help]'
    '(- *)--version[Show version number]'
    ${optionSpecs(spec.flags).join('\n    ')}
  )
  case "$noun $verb" in
${spec.commands.map(ownFlags).join('')}  esac
  case $noun in
${Object.keys(spec.nouns)
  .map((noun) => verbChoice(noun, Object.fromEntries(verbsOf(spec, noun).map(({ verb, summary }) => [verb, summary]))))
  .join('')}${verbChoice(COMPLETION, Object.fromEntries(SHELLS.map((shell) => [shell, `Script for ${shell}`])))}  esac
  _arguments : $flags ${quote(`1:command:((${describedWords(nouns)}))`)} '2: :{_describe -t commands command verbs}'
}
if [[ $funcstack[1] = _${spec.name} ]]; then _${spec.name} "$@"; else compdef _${spec.name} ${spec.name}; fi
`;
}

function ownFlags({ name, flags }: CommandSpec): string {
  const specs = optionSpecs(flags);
  return specs.length === 0 ? '' : `    (${quote(name)}) flags+=(${specs.join(' ')}) ;;\n`;
}

function verbChoice(noun: string, verbs: Readonly<Record<string, string>>): string {
  const words = Object.entries(verbs).map(([verb, summary]) => quote(`${verb}:${summary}`));
  return `    (${noun}) verbs=(${words.join(' ')}) ;;\n`;
}

/** As _arguments takes them: `--logformat=[Layout of a line]:value:(plain json)` */
function optionSpecs(flags: Flags): string[] {
  return Object.entries(flags).flatMap(([name, flag]) => {
    const text = `[${flag.describe.replaceAll(/[[\]\\]/g, '\\$&')}]${action(flag)}`;
    const long = quote(`--${name}${flag.kind === 'value' ? '=' : ''}${text}`);
    return flag.short ? [long, quote(`-${flag.short}${flag.kind === 'value' ? '+' : ''}${text}`)] : [long];
  });
}

function action({ kind, choices, takes }: Flag<unknown>): string {
  if (kind === 'switch') return '';
  if (choices) return `:value:(${choices.join(' ')})`;
  return takes === 'file' ? ':file:_files' : ':value: ';
}

function describedWords(words: Readonly<Record<string, string>>): string {
  return Object.entries(words)
    .map(([word, summary]) => `${word}\\:"${summary}"`)
    .join(' ');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
