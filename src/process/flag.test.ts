import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LONGEST_DURATION_MS } from './duration.ts';
import {
  choiceFlag,
  durationFlag,
  type Flag,
  integerFlag,
  optionalChoiceFlag,
  optionalTextFlag,
  requiredTextFlag,
  switchFlag,
  textFlag,
} from './flag.ts';
import { UsageError } from './usage-error.ts';

const describe = 'what it does';
const interval = durationFlag({ describe, default: '10m', minMs: 1000 });
const table = integerFlag({ describe, default: '119', min: 1, max: 252 });
const level = choiceFlag({ describe, default: 'info', choices: ['info', 'debug'], aliases: { dbg: 'debug' } });

const format = optionalChoiceFlag({ describe, choices: ['json', 'yaml'] });

const TAKEN: [string, Flag<unknown>, string | undefined, unknown][] = [
  ['a text', textFlag({ describe, default: '/coil/' }), '', ''],
  ['an empty text that may be absent', optionalTextFlag({ describe }), '', undefined],
  ['an empty choice', choiceFlag({ describe, default: 'a', choices: ['a', 'b'] }), '', 'a'],
  ["a text's default", textFlag({ describe, default: '/coil/' }), undefined, '/coil/'],
  ['an absent text', optionalTextFlag({ describe }), undefined, undefined],
  ['a duration', interval, '1.5s', 1500],
  ["a duration's default", interval, undefined, 600_000],
  ['an integer', table, '252', 252],
  ["an integer's default", table, undefined, 119],
  ['a word', level, 'debug', 'debug'],
  ['another word for it', level, 'dbg', 'debug'],
  ['a word that may be absent', format, 'yaml', 'yaml'],
  ['its absence', format, undefined, undefined],
  ['a switch', switchFlag({ describe }), 'true', true],
  ['an absent switch', switchFlag({ describe }), undefined, false],
];

for (const [what, flag, text, value] of TAKEN) {
  test(`${what} is read`, () => assert.equal(flag.read(text, '--x'), value));
}

const REFUSED: [Flag<unknown>, string | undefined, RegExp][] = [
  [format, 'xml', /^--x takes one of json, yaml, not "xml"/],
  [requiredTextFlag({ describe, env: 'COIL_NODE_NAME' }), undefined, /^--x is required.*COIL_NODE_NAME/],
  [requiredTextFlag({ describe }), '', /^--x is required$/],
  [interval, '10', /^--x takes a duration such as 500ms.*"10"/],
  [interval, '0s', /^--x takes a duration from 1s to 596h/],
  [interval, '600h', /^--x takes a duration from 1s to 596h/],
  [table, '0', /^--x takes a whole number from 1 to 252, not "0"/],
  [table, '253', /from 1 to 252/],
  [table, '1e2', /from 1 to 252/],
  [table, '', /from 1 to 252/],
  [level, 'INFO', /^--x takes one of info, debug, not "INFO"/],
];

for (const [flag, text, message] of REFUSED) {
  test(`${JSON.stringify(text)} is refused with ${message}`, () => {
    assert.throws(
      () => flag.read(text, '--x'),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  });
}

test('no duration is longer than a timer can wait, where nothing else is said: it would fire at once', () => {
  const longest = interval.read('596h31m23.647s', '--x');
  assert.equal(longest, 2 ** 31 - 1);
});

test('what no timer waits for may be as long as in Go', () => {
  const expiration = durationFlag({ describe, default: '24h', maxMs: LONGEST_DURATION_MS });
  assert.equal(expiration.read('8760h', '--x'), 8760 * 3_600_000);
  assert.throws(() => expiration.read('3000000h', '--x'), /takes a duration from 0s to 2562047h47m/);
});
