import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consoleExamples, outputPattern } from './console-examples.ts';

const PAGE = `
Text with $ not a command.

\`\`\`console
$ one \\
> --more
first

second
$ two
# for-root
not an output
\`\`\`

\`\`\`sh
$ other
\`\`\`
`;

test('finds commands with their lines and outputs', () =>
  assert.deepEqual(consoleExamples(PAGE), [
    { command: 'one \\\n--more', output: 'first\n\nsecond\n', line: 5 },
    { command: 'two', output: '', line: 10 },
  ]));

test('an output has to be as the page has it, but for …', () => {
  const pattern = outputPattern('at … o’clock: (1+1)\n…\nend\n');
  assert.match('at 12 o’clock: (1+1)\na\nb\nend', pattern);
  assert.doesNotMatch('at 12 o’clock: (1+1)\nb\nfriend\nmore', pattern);
  assert.doesNotMatch('at 12\n o’clock: (1+1)\nb\nend', pattern);
  assert.doesNotMatch('anything', outputPattern(''));
});
