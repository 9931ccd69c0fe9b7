import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { main } from '../../src/programs/coilctl.ts';
import { type Ended, runMain } from '../run-main.ts';
import { type CoilctlFixture, type CoilctlSetup, TIMEOUT_MS } from './coilctl-setup.ts';

const WEB = 'web:\n    Subnets: 10.2.0.0/24, 10.3.0.0/24\n    Size: 4\n';

/** `pool delete` and `pool remove-subnet`, which ask. */
export function poolRemovalContract(setup: CoilctlSetup): void {
  test('a pool goes after a yes, and not after a no', { timeout: TIMEOUT_MS }, async () => {
    await using fixture = await webPool(setup);
    const question = 'warning: new Pods of namespace web take addresses of pool default then\nremove pool web? [y/N] ';
    const kept = await coilctl(fixture, 'pool delete web', 'n\n');
    assert.deepEqual([kept.status, kept.stdout], [1, `${WEB}${question}`]);
    assert.match(kept.stderr, /"nothing was changed, pool web stays: the answer was not y"\n$/);
    assert.equal((await coilctl(fixture, 'pool list')).stdout, WEB);
    const gone = await coilctl(fixture, 'pool delete web', 'y\n');
    assert.deepEqual(gone, { status: 0, stdout: `${WEB}${question}`, stderr: '' });
    assert.equal((await coilctl(fixture, 'pool list')).stdout, '');
  });

  test('a subnet goes after a yes; the last one does not', { timeout: TIMEOUT_MS }, async () => {
    await using fixture = await webPool(setup);
    const question =
      'warning: new Pods of pool web get no address of 10.2.0.0/24 then\n' +
      'remove subnet 10.2.0.0/24 of pool web? [y/N] ';
    const kept = await coilctl(fixture, 'pool remove-subnet web 10.2.0.0/24');
    assert.deepEqual([kept.status, kept.stdout], [1, `${question}\n`]);
    const gone = await coilctl(fixture, 'pool remove-subnet web 10.2.0.0/24', 'yes\n');
    assert.deepEqual(gone, { status: 0, stdout: question, stderr: '' });
    assert.equal((await coilctl(fixture, 'pool list')).stdout, 'web:\n    Subnets: 10.3.0.0/24\n    Size: 4\n');
    const last = await coilctl(fixture, 'pool remove-subnet web 10.3.0.0/24 --yes');
    assert.deepEqual([last.status, last.stdout], [1, '']);
    assert.match(last.stderr, /"10\.3\.0\.0\/24 is the only subnet of pool web: delete the pool instead"/);
  });

  test('--yes answers beforehand, and warns all the same', { timeout: TIMEOUT_MS }, async () => {
    await using fixture = await webPool(setup);
    const subnet = await coilctl(fixture, 'pool remove-subnet web 10.3.0.0/24 --yes');
    assert.deepEqual([subnet.status, subnet.stdout], [0, '']);
    assert.match(subnet.stderr, /coilctl warning: "new Pods of pool web get no address of 10\.3\.0\.0\/24 then"/);
    const pool = await coilctl(fixture, 'pool delete web --yes');
    assert.deepEqual([pool.status, pool.stdout], [0, WEB.replace(', 10.3.0.0/24', '')]);
    assert.match(pool.stderr, /coilctl warning: "new Pods of namespace web take addresses of pool default then"/);
    const last = 'new Pods of namespaces without a pool of their own get no address then';
    await coilctl(fixture, 'pool create default 10.2.0.0/24 4');
    assert.match((await coilctl(fixture, 'pool delete default --yes')).stderr, new RegExp(`warning: "${last}"`));
    assert.equal((await coilctl(fixture, 'pool list')).stdout, '');
  });

  test('a pool that nodes own blocks of is no question', { timeout: TIMEOUT_MS }, async () => {
    await using fixture = await setup.v1();
    const before = await coilctl(fixture, 'pool list -o json');
    for (const line of ['pool delete default', 'pool remove-subnet default 10.64.0.0/20']) {
      const { status, stdout, stderr } = await coilctl(fixture, line, 'y\n');
      assert.deepEqual([status, stdout], [1, ''], line);
      assert.match(stderr, /"pool in use: of .*, node node1 owns 10\.64\..*nothing was changed; nodes return empty/);
    }
    assert.deepEqual(await coilctl(fixture, 'pool list -o json'), before);
  });

  test('a pool that changed during the question is judged anew', { timeout: TIMEOUT_MS }, async () => {
    await using fixture = await webPool(setup);
    async function* slowly(): AsyncGenerator<string> {
      assert.equal((await coilctl(fixture, 'pool delete web --yes')).status, 0);
      yield 'y\n';
    }
    const { status, stderr } = await coilctl(fixture, 'pool delete web', slowly());
    assert.equal(status, 1);
    assert.match(stderr, /"not found: pool web|"not found: .*web/);
  });
}

async function webPool(setup: CoilctlSetup): Promise<CoilctlFixture> {
  const fixture = await setup.empty();
  await coilctl(fixture, 'pool create web 10.2.0.0/24 4');
  await coilctl(fixture, 'pool add-subnet web 10.3.0.0/24');
  return fixture;
}

function coilctl({ flags }: CoilctlFixture, line: string, answer: string | AsyncIterable<string> = ''): Promise<Ended> {
  const stdin = Readable.from(typeof answer === 'string' ? [answer].filter(Boolean) : answer);
  return runMain(main, [...line.split(' '), ...flags], { stdin });
}
