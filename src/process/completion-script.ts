import { DEFAULT_SHELL, SHELLS, type Shell } from './completion.ts';
import type { Flags } from './flag.ts';
import type { CommandProgramSpec, CommandSpec } from './program-spec.ts';
import { UsageError } from './usage-error.ts';

type Spec = CommandProgramSpec<Flags, CommandSpec>;

/** Loaded on demand: other commands do not wait for them. */
const SCRIPTS: Readonly<Record<Shell, () => Promise<(spec: Spec) => string>>> = {
  bash: async () => (await import('./completion-bash.ts')).bashCompletion,
  zsh: async () => (await import('./completion-zsh.ts')).zshCompletion,
  fish: async () => (await import('./completion-fish.ts')).fishCompletion,
};

/** The script for the shell that the words after `completion` name. @throws {UsageError} */
export async function completionScript(spec: Spec, words: readonly string[]): Promise<string> {
  const [name = DEFAULT_SHELL, ...surplus] = words;
  const shell = SHELLS.find((candidate) => candidate === name);
  if (shell === undefined || surplus.length > 0) {
    throw new UsageError(`completion takes one of ${SHELLS.join(', ')}, not ${JSON.stringify(words.join(' '))}`);
  }
  return (await SCRIPTS[shell]())(spec);
}
