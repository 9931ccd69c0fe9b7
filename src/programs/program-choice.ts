import { basename } from 'node:path';

/** What is in the all-in-one executable. */
export const PROGRAMS = ['coil', 'coild', 'coilctl', 'coil-controller', 'coil-installer'] as const;
export type ProgramName = (typeof PROGRAMS)[number];

export interface ProgramChoice {
  readonly program: ProgramName;
  /** The program's own arguments. */
  readonly argv: readonly string[];
}

/**
 * Which program is meant: the one that the executable is called by (`/opt/cni/bin/coil`, a link to it), or the one that
 * the first argument names (`hypercoil coilctl pool list`). Undefined where it is neither.
 */
export function chooseProgram(calledAs: string, argv: readonly string[]): ProgramChoice | undefined {
  const byName = find(basename(calledAs));
  if (byName !== undefined) return { program: byName, argv };
  const byArgument = find(argv[0]);
  return byArgument && { program: byArgument, argv: argv.slice(1) };
}

function find(name: string | undefined): ProgramName | undefined {
  return PROGRAMS.find((program) => program === name);
}
