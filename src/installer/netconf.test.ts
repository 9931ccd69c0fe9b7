import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkNetconf, namesPlugin } from './netconf.ts';

const GOOD = { cniVersion: '0.3.1', name: 'k8s', plugins: [{ type: 'coil' }] };

test("takes v1's configuration, a chain, and coild elsewhere", () => {
  checkNetconf(JSON.stringify(GOOD));
  const coil = { type: 'coil', coild: 'http://127.0.0.1:9383' };
  const chain = [coil, { type: 'portmap', capabilities: { portMappings: true } }];
  checkNetconf(JSON.stringify({ ...GOOD, cniVersion: '1.1.0', disableCheck: true, plugins: chain }));
});

for (const [what, netconf, message] of [
  ['not JSON', '{"cniVersion":', /^it is not JSON: /],
  ['empty', '', /^it is not JSON: /],
  ['a list', [GOOD], /^it is \[\{…\}\], not a JSON object$/],
  ['null', null, /^it is null, not a JSON object$/],
  ['no version', { ...GOOD, cniVersion: undefined }, /^cniVersion is missing: it takes one of 0\.3\.0, /],
  ['a version of old', { ...GOOD, cniVersion: '0.2.0' }, /^cniVersion is "0\.2\.0": it takes one of 0\.3\.0, /],
  ['no name', { ...GOOD, name: undefined }, /^name is missing: it takes letters/],
  ['a path as name', { ...GOOD, name: '../k8s' }, /^name is "\.\.\/k8s": it takes letters/],
  ['one plugin', { cniVersion: '0.3.1', name: 'k8s', type: 'coil' }, /^plugins is missing: it takes a list/],
  ['plugins no list', { ...GOOD, plugins: { type: 'coil' } }, /^plugins is \{…\}: it takes a list/],
  ['no plugin', { ...GOOD, plugins: [] }, /^the first of plugins has the type missing: it must be "coil"$/],
  [
    'coil second',
    { ...GOOD, plugins: [{ type: 'ptp' }, { type: 'coil' }] },
    /^the first of plugins has the type "ptp"/,
  ],
  [
    'a plugin without a type',
    { ...GOOD, plugins: [{ type: 'coil' }, {}] },
    /^plugins\[1\] is \{…\}: it takes an object/,
  ],
  [
    'a plugin that is a text',
    { ...GOOD, plugins: ['coil'] },
    /^plugins\[0\] is "coil": it takes an object with a type/,
  ],
  ['coild by name', { ...GOOD, plugins: [{ type: 'coil', coild: 'http://coild:80' }] }, /coild:80.*it takes unix:/],
  ['coild a number', { ...GOOD, plugins: [{ type: 'coil', coild: 9383 }] }, /^coild is 9383: it takes coild's address/],
] as const) {
  test(`refuses ${what}`, () => {
    const text = typeof netconf === 'string' ? netconf : JSON.stringify(netconf);
    assert.throws(() => checkNetconf(text), { code: 'invalid-argument', message });
  });
}

test('finds Coil in the configurations of others', () => {
  const uses = (netconf: unknown) => namesPlugin(Buffer.from(JSON.stringify(netconf)));
  assert.ok(uses(GOOD));
  assert.ok(uses({ type: 'coil' }));
  assert.ok(uses({ plugins: [{ type: 'ptp' }, { type: 'coil' }] }));
  for (const other of [{ type: 'ptp' }, { plugins: [{ type: 'ptp' }] }, { plugins: [null] }, null, [], 'coil']) {
    assert.ok(!uses(other));
  }
  assert.ok(!namesPlugin(Buffer.from('"type":"coil"')));
});
