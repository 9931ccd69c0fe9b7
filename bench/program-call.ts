import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** More than any call takes: a program that hangs must not hang the benchmark. */
const LIMIT_MS = 60_000;

/** A program to run; nothing of our own environment is added. */
export interface ProgramCall {
  readonly executable: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
}

export interface Timed {
  /** From before the process was made until it was gone and its output was read to the end, in milliseconds. */
  readonly ms: number;
  /** Undefined where a signal ended it. */
  readonly status: number | undefined;
  readonly stdout: string;
}

/** Runs a program; what Node takes to make the process, 1 to 3 ms, is in the time. */
export async function runTimed(call: ProgramCall): Promise<Timed> {
  const start = performance.now();
  const { status, stdout } = await run(call, ['pipe', 'pipe', 'inherit']);
  return { ms: performance.now() - start, status, stdout };
}

/** Runs programs one at a time by the compiled time-call.c, whose own cost is small and not in the time. */
export function timedBy(timeCall: string): (call: ProgramCall) => Promise<Timed> {
  return async (call) => {
    const timer = { ...call, executable: timeCall, args: [call.executable, ...call.args] };
    const { status, stdout, report } = await run(timer, ['pipe', 'pipe', 'inherit', 'pipe']);
    const [ns, waitStatus] = report.split(' ').map(Number);
    if (status !== 0 || ns === undefined || waitStatus === undefined) throw new Error(`${timeCall} failed: ${status}`);
    // wait(2): a status of exit is in the second byte, a signal in the first
    return { ms: ns / 1e6, status: (waitStatus & 0xff) === 0 ? waitStatus >> 8 : undefined, stdout };
  };
}

async function run(
  { executable, args, env, input }: ProgramCall,
  stdio: ('pipe' | 'inherit')[],
): Promise<{ status: number | undefined; stdout: string; report: string }> {
  const child = spawn(executable, [...args], { env, stdio, timeout: LIMIT_MS });
  const [stdout, report] = [collect(child.stdio[1]), collect(child.stdio[3])];
  // a program that does not read its input closes it
  child.stdin!.on('error', () => undefined);
  child.stdin!.end(input);
  const [status] = (await once(child, 'close')) as [number | null];
  return { status: status ?? undefined, stdout: stdout(), report: report() };
}

function collect(stream: unknown): () => string {
  const chunks: Buffer[] = [];
  if (stream) (stream as Readable).on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}
