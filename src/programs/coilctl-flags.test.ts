import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Ended, runMain } from '../../test/run-main.ts';
import { main } from './coilctl.ts';

let home: string;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'coil-test-'));
});
after(() => rm(home, { recursive: true }));

/** Of `pool list`: the message of a failure names the file that was to be opened. */
async function poolList(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return await runMain(main, ['pool', 'list', ...argv], { env: { HOME: home, ...env } });
}

async function configFile(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(home, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

test('flag beats environment beats file beats default', async () => {
  await configFile('.coilctl.yml', 'store: sqlite:/nonexistent/file.db\n');
  const env = { COILCTL_STORE: 'sqlite:/nonexistent/env.db' };
  assert.match((await poolList(['--store=sqlite:/nonexistent/flag.db'], env)).stderr, /\/nonexistent\/flag\.db/);
  assert.match((await poolList([], env)).stderr, /\/nonexistent\/env\.db/);
  assert.match((await poolList([], { COILCTL_STORE: '' })).stderr, /\/nonexistent\/file\.db/);
  const config = await configFile('given.toml', 'store = "sqlite:/nonexistent/given.db"');
  assert.match((await poolList(['--config', config])).stderr, /\/nonexistent\/given\.db/);
  await rm(join(home, '.coilctl.yml'));
  assert.match((await poolList(['--etcd-timeout=1ms', '--etcd-endpoints=127.0.0.1:1'])).stderr, /127\.0\.0\.1:1/);
});

test('a file that --config names has to be there', async () => {
  const { status, stderr } = await poolList(['--config', join(home, 'absent.yml')]);
  assert.equal(status, 2);
  assert.match(stderr, /^coilctl: the configuration file .*absent\.yml cannot be read: ENOENT/);
  assert.match((await poolList(['--config='])).stderr, /^coilctl: --config takes the name of a file/);
});

/** A member, a value that is refused, and what is said of it. */
const MEMBERS: readonly (readonly [member: string, bad: string, says: RegExp])[] = [
  ['store', 'consul', /--store takes etcd or sqlite:PATH/],
  ['endpoints', 'ftp://a', /--etcd-endpoints: "ftp:\/\/a" is not a URL/],
  ['timeout', '2', /takes a duration/],
  ['tls-ca-file', '/nonexistent/ca.pem', /--etcd-tls-ca: cannot read \/nonexistent\/ca\.pem/],
  ['tls-cert-file', '/nonexistent/cert.pem', /--etcd-tls-cert and etcd-tls-key go together/],
  ['tls-key-file', '/nonexistent/key.pem', /--etcd-tls-cert and etcd-tls-key go together/],
];

for (const [member, bad, says] of MEMBERS) {
  test(`a bad ${member} is named with where it was given`, async () => {
    const variable = `COILCTL_${member.toUpperCase().replaceAll('-', '_')}`;
    const byEnvironment = await poolList([], { [variable]: bad });
    assert.equal(byEnvironment.status, 2);
    assert.match(byEnvironment.stderr, says);
    assert.match(byEnvironment.stderr, new RegExp(variable));
    const path = await configFile(`${member}.json`, JSON.stringify({ [member]: bad }));
    const byFile = await poolList(['--config', path]);
    assert.equal(byFile.status, 2);
    assert.match(byFile.stderr, says);
    assert.ok(byFile.stderr.includes(`${member} in ${path}`), byFile.stderr);
  });
}

test('a password in a file that others may read is a warning, and is not printed', async () => {
  const text = 'password: hunter2\nstore: sqlite:/nonexistent/coil.db\n';
  const open = await poolList(['--config', await configFile('open.yml', text, 0o644)]);
  assert.match(
    open.stderr,
    /coilctl warning: ".*open\.yml holds a password or a key, and can be read by others: 'chmod 600 /,
  );
  const closed = await poolList(['--config', await configFile('closed.yml', text, 0o600)]);
  const other = await poolList(['--config', await configFile('other.yml', text.replace(/.*\n/, ''), 0o644)]);
  for (const { stderr } of [closed, other]) assert.doesNotMatch(stderr, /warning/);
  assert.doesNotMatch(`${open.stderr}${closed.stderr}`, /hunter2/);
});

test('completion and help need no valid configuration', async () => {
  await configFile('.coilctl.yml', 'bogus: x');
  for (const line of [['completion'], ['--help'], ['--version']]) {
    assert.equal((await runMain(main, line, { env: { HOME: home } })).status, 0);
  }
  assert.match((await poolList([])).stderr, /member "bogus"/);
  await rm(join(home, '.coilctl.yml'));
});
