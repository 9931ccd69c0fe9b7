import type { World } from './world.ts';

/** One kind of step. */
export interface Command {
  /** How often it is chosen, beside the others. */
  readonly weight: number;
  /** Does it, on what the two numbers choose; nothing where there is nothing to choose from. Gives what it did. */
  readonly run: (world: World, a: number, b: number) => Promise<string | undefined> | string | undefined;
}

export type Commands = Readonly<Record<string, Command>>;

/** The one that a number chooses. */
export function chosen<T>(from: readonly T[], number: number): T | undefined {
  return from[number % Math.max(1, from.length)];
}
