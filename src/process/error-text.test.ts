import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorText } from './error-text.ts';

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:2379'), { code: 'ECONNREFUSED', errno: -111 });
const coded = (message: string, code: string, cause?: unknown) =>
  Object.assign(new Error(message, cause === undefined ? {} : { cause }), { code });

const TEXTS: [string, unknown, string][] = [
  ['a message', new Error('broken'), 'broken'],
  ['no message', new TypeError(), 'TypeError'],
  ['a code', coded('no pool x', 'pool-not-found'), 'no pool x (pool-not-found)'],
  ['a code that the message has', refused, 'connect ECONNREFUSED 127.0.0.1:2379 (errno -111)'],
  [
    'a chain of causes',
    coded('cannot read pools', 'store-unavailable', new Error('request failed', { cause: refused })),
    'cannot read pools (store-unavailable): request failed: connect ECONNREFUSED 127.0.0.1:2379 (errno -111)',
  ],
  ['a cause that is said already', new Error('etcd: broken', { cause: new Error('broken') }), 'etcd: broken'],
  [
    'a cause that is said already, but for its errno',
    coded('cannot export: Device is not up', 'network', Object.assign(new Error('Device is not up'), { errno: 100 })),
    'cannot export: Device is not up (network) (errno 100)',
  ],
  ['many errors', new AggregateError([new Error('a'), new Error('b')], 'all failed'), 'all failed: a; b'],
  ['a text', 'broken', 'broken'],
  ['an object', { reason: 1 }, '{"reason":1}'],
  ['nothing', undefined, 'undefined'],
];

for (const [what, error, text] of TEXTS) test(`${what}: ${text}`, () => assert.equal(errorText(error), text));

test('a chain that bites its own tail ends', () => {
  const first = new Error('first');
  const second = new Error('second', { cause: first });
  first.cause = second;
  assert.match(errorText(first), /^first: second/);
});
