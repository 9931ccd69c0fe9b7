import type { Flags } from './flag.ts';
import type { CommandProgramSpec, CommandSpec } from './program-spec.ts';

/** The shells that complete command lines by a script of ours. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];
/** v1 knew this one alone. */
export const DEFAULT_SHELL: Shell = 'bash';

/** The command that every program with subcommands has, as it has --help. */
export const COMPLETION = 'completion';
export const COMPLETION_USAGE = `${COMPLETION} [shell]`;
export const COMPLETION_SUMMARY = 'Print the script by which a shell completes command lines';

type Spec = CommandProgramSpec<Flags, CommandSpec>;

/** How a flag may be written: `--output`, `-o`. */
export function spellings(flags: Flags): string[] {
  return Object.entries(flags).flatMap(([name, { short }]) => [`--${name}`, ...(short ? [`-${short}`] : [])]);
}

/** Those flags whose value is the next word. */
export function takingValues(flags: Flags): Flags {
  return Object.fromEntries(Object.entries(flags).filter(([, { kind }]) => kind === 'value'));
}

/** The verbs below a noun, and what they do. */
export function verbsOf({ commands }: Spec, noun: string): { verb: string; summary: string }[] {
  const below = commands.filter(({ name }) => name.startsWith(`${noun} `));
  return below.map(({ name, summary }) => ({ verb: name.slice(noun.length + 1), summary }));
}
