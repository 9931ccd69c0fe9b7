import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { DemoError } from './demo-error.ts';

const LIMIT_MS = 20_000;

/** A program and its arguments. */
export type CommandLine = readonly [file: string, ...args: string[]];

export interface CommandOptions {
  /** Beside the demo's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads from standard input. */
  readonly input?: string;
  /** Kills it. Clean-up passes none. */
  readonly signal?: AbortSignal;
}

export interface Outcome {
  /** Null where a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end, which is bounded. It is in a session of its own, so that Ctrl-C reaches the demo alone.
 * @throws where it cannot be started, or took too long; the signal's reason, once the program has ended
 */
export async function run(line: CommandLine, { env, input = '', signal }: CommandOptions = {}): Promise<Outcome> {
  signal?.throwIfAborted();
  const [file, ...args] = line;
  const child = spawn(file, args, {
    detached: true,
    env: { ...process.env, ...env },
    killSignal: 'SIGKILL',
    timeout: LIMIT_MS,
    ...(signal && { signal }),
  });
  const { promise: closed, resolve: close } = Promise.withResolvers<number | null>();
  child.once('close', close);
  let failure: Error | undefined;
  // an abort is such an error too, and the program ends only after it
  child.once('error', (error) => {
    failure = error;
  });
  // a program that does not read its input to the end says why by its exit status
  child.stdin.on('error', () => undefined).end(input);
  const [status, stdout, stderr] = await Promise.all([closed, text(child.stdout), text(child.stderr)]);
  signal?.throwIfAborted();
  if (failure) throw new DemoError(`cannot run ${file}: ${failure.message}`, { cause: failure });
  if (child.killed) throw new DemoError(`not done within ${LIMIT_MS / 1000} s: ${line.join(' ')}`);
  return { status, stdout, stderr };
}

/** As `run`, and gives standard output. @throws {DemoError} with what the program complained of, where it fails */
export async function output(line: CommandLine, options?: CommandOptions): Promise<string> {
  const { status, stdout, stderr } = await run(line, options);
  if (status === 0) return stdout;
  throw new DemoError(`${line.join(' ')}\nfailed with exit status ${status}: ${stderr.trim() || stdout.trim()}`);
}
