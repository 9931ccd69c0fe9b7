import { Readable, Writable } from 'node:stream';
import type { Main, ProgramIo } from '../src/process/program.ts';

/** How a program ended, and what it printed. */
export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in this process, by default with no environment and an empty standard input. */
export async function runMain(
  main: Main,
  argv: readonly string[],
  io: Partial<Pick<ProgramIo, 'env' | 'signal' | 'stdin'>> = {},
): Promise<Ended> {
  const stdout = new Recorder();
  const stderr = new Recorder();
  const { env = {}, signal = new AbortController().signal, stdin = Readable.from([]) } = io;
  const status = await main({ argv, env, stdin, stdout, stderr, signal });
  return { status, stdout: stdout.text, stderr: stderr.text };
}

/** Keeps what is written to it. */
export class Recorder extends Writable {
  #text = '';

  get text(): string {
    return this.#text;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#text += chunk.toString();
    done();
  }
}
