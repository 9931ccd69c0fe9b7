import assert from 'node:assert/strict';
import { test } from 'node:test';
import { main } from '../../src/programs/coilctl.ts';
import { type Ended, runMain } from '../run-main.ts';
import { addressFreeContract } from './address-free-contract.ts';
import { type CoilctlFixture, type CoilctlSetup, TIMEOUT_MS } from './coilctl-setup.ts';
import { goldenAnswers } from './golden-answers.ts';
import { outputContract } from './output-contract.ts';
import { poolRemovalContract } from './pool-removal-contract.ts';

const MESSAGE = /^\S+ \S+ coilctl error: "(.*)"\n$/;

/** What coilctl promises over any datastore. */
export function coilctlContract(setup: CoilctlSetup): void {
  outputContract(setup);
  addressFreeContract(setup);
  poolRemovalContract(setup);

  test('answers what v1 answered', { timeout: TIMEOUT_MS }, async (t) => {
    await using fixture = await setup.v1();
    for (const { argv, stdout, status, failure } of goldenAnswers()) {
      await t.test(argv.join(' '), async () => {
        const ended = await runMain(main, [...argv, ...fixture.flags]);
        assert.equal(ended.stdout, stdout, ended.stderr);
        assert.equal(ended.status, status);
        if (failure === undefined) assert.equal(ended.stderr, '');
        else assert.ok(messageOf(ended).startsWith(failure), ended.stderr);
      });
    }
  });

  test('creates a pool, of IPv6 too, and adds subnets', { timeout: TIMEOUT_MS }, async () => {
    await using fixture = await setup.empty();
    const coilctl = (line: string) => succeed(line, fixture);
    assert.equal(await coilctl('pool list'), '');
    assert.equal(await coilctl('pool create default 10.1.2.3/24 4'), '');
    assert.equal(await coilctl('pool add-subnet default 2001:db8::/122'), '');
    assert.equal(await coilctl('pool create 0-a 2001:db8:1::/64 50'), '');
    assert.equal(
      await coilctl('pool list'),
      '0-a:\n    Subnets: 2001:db8:1::/64\n    Size: 50\n' +
        'default:\n    Subnets: 10.1.2.0/24, 2001:db8::/122\n    Size: 4\n',
    );
    assert.equal(await coilctl('pool show 0-a 2001:db8:1::/64'), 'free blocks: 16384 out of 16384\n');
    assert.equal(
      await coilctl('pool show default 2001:db8::/122 --json'),
      '{"free":["2001:db8::/124","2001:db8::10/124","2001:db8::20/124","2001:db8::30/124"],"nodes":{}}\n',
    );
  });

  test('a failure changes nothing, and says what to do next', { timeout: TIMEOUT_MS }, async () => {
    await using fixture = await setup.empty();
    await succeed('pool create default 10.1.0.0/16 5', fixture);
    const failures: [string, RegExp][] = [
      ['pool create default 10.2.0.0/16 5', /^pool already exists: .*default.*coilctl pool add-subnet/],
      ['pool create x 10.1.4.0/24 5', /^subnet in use: .*10\.1\.4\.0\/24.*10\.1\.0\.0\/16.*coilctl pool list/],
      ['pool add-subnet default 10.0.0.0/8', /^(too small block size|subnet in use)/],
      ['pool add-subnet x 10.2.0.0/16', /^not found: .*x.*coilctl pool list/],
      ['pool show x 10.1.0.0/16', /^not found: .*x.*coilctl pool list/],
      ['pool show default 10.2.0.0/16', /^not found: .*10\.2\.0\.0\/16.*coilctl pool list/],
      ['address info 10.1.0.1', /^not found: .*10\.1\.0\.1/],
      ['address info 192.0.2.1', /^not found: .*192\.0\.2\.1/],
    ];
    for (const [line, message] of failures) {
      const ended = await runMain(main, [...line.split(' '), ...fixture.flags]);
      assert.deepEqual({ status: ended.status, stdout: ended.stdout }, { status: 1, stdout: '' }, line);
      assert.match(messageOf(ended), message);
    }
    assert.equal(await succeed('pool list', fixture), 'default:\n    Subnets: 10.1.0.0/16\n    Size: 5\n');
  });
}

async function succeed(line: string, { flags }: CoilctlFixture): Promise<string> {
  const { status, stdout, stderr } = await runMain(main, [...line.split(' '), ...flags]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, line);
  return stdout;
}

function messageOf({ stderr }: Ended): string {
  const [, message] = MESSAGE.exec(stderr) ?? [];
  assert.ok(message !== undefined, `not one line of the log: ${stderr}`);
  return message.replaceAll('\\"', '"');
}
