import { readFileSync } from 'node:fs';

/** A command, and what v1's coilctl answered to it. */
export interface GoldenAnswer {
  readonly argv: readonly string[];
  readonly stdout: string;
  /** What the message of the failure begins with. */
  readonly failure?: string;
  readonly status: number;
}

/** The answers of test/golden/coilctl.txt. */
export function goldenAnswers(): readonly GoldenAnswer[] {
  const text = readFileSync(new URL('../golden/coilctl.txt', import.meta.url), 'utf8');
  return text
    .split(/^\$ coilctl /m)
    .slice(1)
    .map(parseAnswer);
}

function parseAnswer(answer: string): GoldenAnswer {
  const [, line, stdout, failure, status] =
    /^(.+)\n((?:(?!stderr: |\(exit).*\n)*)(?:stderr: (.+)\n)?\(exit status (\d+)\)\s*$/.exec(answer) ?? [];
  if (line === undefined) throw new Error(`not an answer: ${answer}`);
  return {
    argv: line.split(' '),
    stdout: stdout!,
    status: Number(status),
    ...(failure === undefined ? {} : { failure }),
  };
}
