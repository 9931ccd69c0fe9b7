import type { Readable, Writable } from 'node:stream';
import { DeadlineError, withDeadline } from '../process/deadline.ts';
import type { Question } from './command.ts';

/** How long an administrator may think. */
const ANSWER_MS = 600_000;

/** The question was not answered with yes; the message says that nothing was changed. */
export class DeclinedError extends Error {
  override readonly name = 'DeclinedError';
}

interface Terminal {
  readonly stdin: Readable;
  readonly stdout: Pick<Writable, 'write'>;
  readonly signal: AbortSignal;
  /** How long to wait for the answer, in milliseconds. Default 10 minutes. */
  readonly answerMs?: number;
}

/** Asks on standard output, and reads a line of standard input: y or yes agrees. @throws {DeclinedError} */
export async function confirm({ warning, text, unchanged }: Question, terminal: Terminal): Promise<void> {
  const { stdin, stdout, signal, answerMs = ANSWER_MS } = terminal;
  stdout.write(`warning: ${warning}\n${text} [y/N] `);
  let answer: string | undefined;
  let silence = 'there was no answer';
  try {
    answer = await withDeadline({ ms: answerMs, signal }, (either) => readLine(stdin, either));
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    silence = error.message;
  } finally {
    if (answer === undefined) stdout.write('\n'); // what is printed next begins a line
  }
  if (/^\s*(y|yes)\s*$/i.test(answer ?? '')) return;
  const said = answer === undefined ? `${silence} (--yes answers beforehand)` : 'the answer was not y';
  throw new DeclinedError(`nothing was changed, ${unchanged}: ${said}`);
}

/** The first line, undefined where there is none. */
async function readLine(input: Readable, signal: AbortSignal): Promise<string | undefined> {
  const { createInterface } = await import('node:readline/promises');
  using lines = createInterface({ input, signal });
  for await (const line of lines) return line;
  return undefined;
}
