import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoilError } from '../model/error.ts';
import { DeadlineError } from '../process/deadline.ts';
import { failureText } from './failure-text.ts';

const READING = { store: 'etcd at http://a:2379, http://b:2379', mayHaveChanged: false };
const CHANGING = { ...READING, mayHaveChanged: true };
const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:2379'), { code: 'ECONNREFUSED', errno: -111 });

const TEXTS: [string, Error, RegExp][] = [
  [
    "begins with v1's words",
    new CoilError('pool-not-found', 'there is no pool x'),
    /^not found: there is no pool x \(/,
  ],
  [
    'does not say them twice',
    new CoilError('pool-exists', 'pool already exists: x'),
    /^pool already exists: x \('coilctl/,
  ],
  ['leaves bad input as it is', new CoilError('invalid-argument', 'invalid size: 25'), /^invalid size: 25$/],
  [
    'says that a conflict changed nothing',
    new CoilError('conflict', 'too many writers'),
    /^too many writers \(.*try again\)$/,
  ],
  [
    'says what to look at where the datastore does not answer',
    new CoilError('store-unavailable', 'etcd at http://a:2379: cannot list pools', { cause: refused }),
    /^datastore unavailable: etcd at http:\/\/a:2379: cannot list pools \(check --store or --etcd-endpoints/,
  ],
  [
    'says how a file that is not there is made',
    new CoilError('store-not-found', 'there is no database file coil.db'),
    /^datastore unavailable: there is no database file coil\.db \(check the path of --store; 'coilctl pool create'/,
  ],
  [
    'names the servers when time is up',
    new DeadlineError('no answer within 12s'),
    /^datastore unavailable: etcd at http:\/\/a:2379, http:\/\/b:2379: no answer within 12s/,
  ],
  ['prints any other error with its causes', new Error('broken', { cause: refused }), /^broken: connect ECONNREFUSED/],
];

for (const [what, error, text] of TEXTS) test(what, () => assert.match(failureText(error, READING), text));

const UNCERTAIN = /a change may have been made, or not\)$/;

for (const error of [
  new CoilError('store-unavailable', 'etcd at http://a:2379: cannot create pool x'),
  new DeadlineError('no answer within 12s'),
  new Error('stopped by SIGINT'),
]) {
  test(`${error.message}: what is uncertain is said where a change was under way, and only there`, () => {
    assert.match(failureText(error, CHANGING), UNCERTAIN);
    assert.doesNotMatch(failureText(error, READING), /change/);
  });
}

for (const code of [
  'invalid-argument',
  'pool-exists',
  'pool-in-use',
  'conflict',
  'corrupt-data',
  'store-not-found',
] as const) {
  test(`${code} is certain`, () =>
    assert.doesNotMatch(failureText(new CoilError(code, 'no'), CHANGING), /may have been made/));
}

test('a call that certainly was not carried out changed nothing', () => {
  const error = new CoilError('store-unavailable', 'etcd at http://a:2379: cannot create pool x', { unchanged: true });
  assert.match(failureText(error, CHANGING), /nothing was changed\)$/);
  assert.doesNotMatch(failureText(error, READING), /change/);
});
