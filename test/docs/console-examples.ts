import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

/** A command of a page, and what the page says that it prints. */
export interface ConsoleExample {
  readonly command: string;
  /** Standard output and error together; `…` stands for any text in a line, and alone in a line for any lines. */
  readonly output: string;
  /** Where the command stands in the page, from 1. */
  readonly line: number;
}

/** Runs a command in a shell, and gives what it printed. */
export type RunExample = (command: string) => Promise<string>;

/** Runs all examples of a page in their order, each as a subtest; what one leaves behind is there for the next. */
export function testExamples(page: URL, run: () => Promise<RunExample & AsyncDisposable>): void {
  test(`the examples of ${page.pathname.split('/').at(-1)}`, { timeout: 300_000 }, async (t) => {
    const examples = consoleExamples(readFileSync(page, 'utf8'));
    assert.ok(examples.length > 0, 'the page has no examples');
    await using runExample = await run();
    for (const { command, output, line } of examples) {
      await t.test(`line ${line}: ${command}`, async () => {
        const printed = trim(await runExample(command));
        if (!outputPattern(output).test(printed)) assert.equal(printed, trim(output));
      });
    }
  });
}

/**
 * The examples of a Markdown page: in its blocks marked `console` every line that begins with `$ ` is a command, `> `
 * goes on with it, and what follows is its output. Commands after `# ` are for root, and are no examples.
 */
export function consoleExamples(markdown: string): ConsoleExample[] {
  const examples: { command: string; output: string; line: number }[] = [];
  let current: (typeof examples)[number] | undefined;
  let fence: string | undefined;
  for (const [i, text] of markdown.split('\n').entries()) {
    const [, opened] = /^ *```(\S*)/.exec(text) ?? [];
    if (opened !== undefined) {
      fence = fence === undefined ? opened : undefined;
      current = undefined;
    } else if (fence === 'console') {
      if (text.startsWith('$ ')) {
        current = { command: text.slice(2), output: '', line: i + 1 };
        examples.push(current);
      } else if (text.startsWith('# ')) current = undefined;
      else if (current?.command.endsWith('\\') && text.startsWith('> ')) current.command += `\n${text.slice(2)}`;
      else if (current) current.output += `${text}\n`;
    }
  }
  return examples;
}

/** What the output of an example matches as a whole, blanks at the ends of lines apart. */
export function outputPattern(output: string): RegExp {
  const lines = trim(output)
    .split('\n')
    .map((line) => (line === '…' ? '[^]*?' : line.split('…').map(literal).join('.*')));
  return new RegExp(`^${lines.join('\n')}$`);
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function trim(text: string): string {
  return text.replaceAll(/[ \t]+$/gm, '').trimEnd();
}
