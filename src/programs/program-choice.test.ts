import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseProgram } from './program-choice.ts';

const CHOSEN: [string, string[], string, string[]][] = [
  ['coil', [], 'coil', []],
  ['/opt/cni/bin/coil', [], 'coil', []],
  ['./coilctl', ['pool', 'list'], 'coilctl', ['pool', 'list']],
  ['/usr/bin/coild', ['coilctl'], 'coild', ['coilctl']],
  ['coil-controller', [], 'coil-controller', []],
  ['hypercoil', ['coilctl', 'pool', 'list'], 'coilctl', ['pool', 'list']],
  ['/usr/local/bin/hypercoil', ['coil-installer'], 'coil-installer', []],
  ['node', ['coild', '--http', 'x'], 'coild', ['--http', 'x']],
  ['whatever-they-renamed-it-to', ['coil'], 'coil', []],
];

for (const [calledAs, argv, program, rest] of CHOSEN) {
  test(`${[calledAs, ...argv].join(' ')} runs ${program}`, () => {
    assert.deepEqual(chooseProgram(calledAs, argv), { program, argv: rest });
  });
}

for (const [calledAs, ...argv] of [
  ['hypercoil'],
  ['hypercoil', 'hypercoil'],
  ['hypercoil', '--help'],
  ['node', 'Coil'],
]) {
  test(`${[calledAs, ...argv].join(' ')} runs none`, () => assert.equal(chooseProgram(calledAs!, argv), undefined));
}
