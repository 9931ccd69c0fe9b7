import type { Readable, Writable } from 'node:stream';

/** All that a program gets from outside; a test passes its own, and runs the program in its own process. */
export interface ProgramIo {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Aborted when the program is to finish what is under way and return. */
  readonly signal: AbortSignal;
}

/** A program: resolves to its exit status, and never exits by itself. */
export type Main = (io: ProgramIo) => Promise<number>;
