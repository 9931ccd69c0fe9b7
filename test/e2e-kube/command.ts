import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const RUN_MS = 30_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** A program and its arguments. */
export type CommandLine = readonly [string, ...string[]];

export interface RunOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

/** Runs a program to its end. @returns its standard output @throws where it fails or is late, with what it complained of */
export async function run([program, ...args]: CommandLine, options: RunOptions = {}): Promise<string> {
  const { input, env = process.env, timeoutMs = RUN_MS } = options;
  const running = promisify(execFile)(program, args, {
    env,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_BYTES,
  });
  // a program that does not read its input to the end says why by its exit status
  running.child.stdin!.on('error', () => undefined).end(input);
  return (await running).stdout;
}
