import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runMain } from '../../test/run-main.ts';
import { VERSION } from '../process/version.ts';
import { hypercoil } from './hypercoil-main.ts';

test('alone, it names its programs', async () => {
  const { status, stdout, stderr } = await runMain(hypercoil('hypercoil'), []);
  assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
  assert.match(stderr, /^usage: hypercoil PROGRAM.*\nThe programs are coil, coild, coilctl, coil-controller, coil-ins/);
});

test('a program that it has not is named', async () => {
  const { status, stderr } = await runMain(hypercoil('hypercoil'), ['coilclt', 'pool', 'list']);
  assert.equal(status, 2);
  assert.match(stderr, /^hypercoil: there is no program "coilclt"\nusage:/);
});

test('--version and --help answer on standard output', async () => {
  assert.deepEqual(await runMain(hypercoil('/usr/bin/hypercoil'), ['--version']), {
    status: 0,
    stdout: `hypercoil ${VERSION}\n`,
    stderr: '',
  });
  const help = await runMain(hypercoil('hypercoil'), ['--help']);
  assert.deepEqual({ status: help.status, stderr: help.stderr }, { status: 0, stderr: '' });
  assert.match(help.stdout, /^usage: hypercoil PROGRAM/);
});

test('a program gets its own arguments, by a link and by the first argument', async () => {
  const expected = { status: 0, stdout: `coilctl ${VERSION}\n`, stderr: '' };
  assert.deepEqual(await runMain(hypercoil('/usr/bin/coilctl'), ['--version']), expected);
  assert.deepEqual(await runMain(hypercoil('hypercoil'), ['coilctl', '--version']), expected);
});
