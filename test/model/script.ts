import type { Commands } from './command.ts';
import { Random } from './random.ts';

/** A command and the two numbers that choose what it is done to: `add 3 0`. */
export interface Step {
  readonly command: string;
  readonly a: number;
  readonly b: number;
}

const MAX_NUMBER = 1000;

/** The steps that a seed stands for. */
export function generate(commands: Commands, { seed, length }: { seed: number; length: number }): readonly Step[] {
  const random = new Random(seed);
  const all = Object.entries(commands);
  const weight = all.reduce((sum, [, command]) => sum + command.weight, 0);
  return Array.from({ length }, () => {
    let at = (random.below(MAX_NUMBER * MAX_NUMBER) / (MAX_NUMBER * MAX_NUMBER)) * weight;
    const [command] = all.find(([, each]) => {
      at -= each.weight;
      return at < 0;
    })!;
    return { command, a: random.below(MAX_NUMBER), b: random.below(MAX_NUMBER) };
  });
}

export function formatScript(steps: readonly Step[]): string {
  return steps.map(({ command, a, b }) => `${command} ${a} ${b}`).join('\n');
}

/** The inverse of `formatScript`; what stands behind a `#` is left out. */
export function parseScript(text: string): readonly Step[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [command = '', a, b] = line.split(/\s+/);
      return { command, a: Number(a), b: Number(b) };
    });
}
