import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { Recorder } from '../../test/run-main.ts';
import type { Question } from './command.ts';
import { confirm, DeclinedError } from './confirm.ts';

const QUESTION: Question = {
  warning: 'it may be in use',
  text: 'free 10.0.0.1?',
  agreed: false,
  unchanged: '10.0.0.1 stays assigned',
  confirmed: async () => undefined,
};

test('an administrator who does not answer has declined', async () => {
  const stdout = new Recorder();
  const stdin = new Readable({ read: () => undefined });
  const terminal = { stdin, stdout, signal: new AbortController().signal, answerMs: 10 };
  await assert.rejects(
    confirm(QUESTION, terminal),
    (error) =>
      error instanceof DeclinedError &&
      /^nothing was changed, 10\.0\.0\.1 stays assigned: no answer within 10ms \(--yes/.test(error.message),
  );
  assert.equal(stdout.text, 'warning: it may be in use\nfree 10.0.0.1? [y/N] \n');
});
