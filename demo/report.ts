import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { inspect, stripVTControlCharacters } from 'node:util';
import { DemoError } from './demo-error.ts';
import { StepFailure } from './progress.ts';

/** Of each log, in a failure's report. */
const TAIL_LINES = 12;

/** A failure in words: the step, the reason, the ends of the logs that tell more, and where all logs are. */
export async function reportFailure(failure: unknown, reason: unknown, folder: string): Promise<string> {
  const step = failure instanceof StepFailure ? `The step "${failure.message}" failed:\n` : '';
  const logs = reason instanceof DemoError ? reason.logs : [];
  const tails = await Promise.all(logs.map(tailOf));
  return `\n${step}${describe(reason)}\n${tails.join('')}\nAll logs are in ${folder}\n`;
}

/** Where what nobody expected came from is worth more than its words. */
export function describe(reason: unknown): string {
  return reason instanceof DemoError ? reason.message : inspect(reason);
}

async function tailOf(path: string): Promise<string> {
  const text = stripVTControlCharacters(await readFile(path, 'utf8').catch(() => '')).trimEnd();
  const lines = text === '' ? ['(nothing)'] : text.split('\n').slice(-TAIL_LINES);
  return `\nThe end of ${basename(path)}:\n${lines.map((line) => `    ${line}\n`).join('')}`;
}
