import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { rootCertificates } from 'node:tls';
import type { Flag } from '../../src/process/flag.ts';
import { main } from '../../src/programs/coilctl.ts';
import { COILCTL_FLAGS } from '../../src/programs/coilctl-flags.ts';
import { type Ended, runMain } from '../run-main.ts';
import { V1_CALLS, V1_CONFIG_FILES, V1_FLAGS } from './v1-surface.ts';

const ours = new Map<string, Flag<unknown>>(Object.entries(COILCTL_FLAGS));

let folder: string;
let store: string;
let certificate: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coil-test-'));
  store = `sqlite:${join(folder, 'coil.db')}`;
  certificate = join(folder, 'ca.pem');
  await writeFile(certificate, rootCertificates[0]!);
});
after(() => rm(folder, { recursive: true }));

/** Lists pools of etcd where nobody listens: that this fails, and how, tells which values arrived. */
function unreachable(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return runMain(main, ['pool', 'list', ...argv], { env: { COILCTL_ENDPOINTS: 'http://127.0.0.1:1', ...env } });
}

for (const { flag, default: value, member, env, takes } of V1_FLAGS) {
  test(`${flag}: default, member and variable are v1's, and it takes what v1 took`, async () => {
    const found = ours.get(flag.slice(2));
    assert.ok(found, 'there is no such flag');
    assert.deepEqual([found.default, found.member, found.env], [value, member, env]);
    for (const given of takes) {
      const { status, stderr } = await unreachable([`${flag}=${given === 'FILE' ? certificate : given}`]);
      // 2 would be that it is not taken
      assert.equal(status, 1, `${given}: ${stderr}`);
    }
    assert.match((await runMain(main, ['--help'])).stdout, new RegExp(`${flag} `));
  });
}

test('a value of each kind arrives by flag, by environment and by file', async () => {
  const path = join(folder, 'x.yml');
  await writeFile(path, 'endpoints: [http://127.0.0.1:4]\n');
  for (const [argv, env, port] of [
    [['--etcd-endpoints=http://127.0.0.1:2'], { COILCTL_ENDPOINTS: 'http://127.0.0.1:3' }, 2],
    [['--config', path], { COILCTL_ENDPOINTS: 'http://127.0.0.1:3' }, 3],
    [['--config', path], { COILCTL_ENDPOINTS: '' }, 4],
  ] as const) {
    const { status, stdout, stderr } = await unreachable(argv, env);
    assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
    assert.match(stderr, new RegExp(`etcd at http://127\\.0\\.0\\.1:${port}\\b`));
  }
});

for (const name of V1_CONFIG_FILES) {
  test(`$HOME/${name} is read`, async () => {
    const home = await mkdtemp(join(folder, 'home-'));
    const texts: Record<string, string> = { json: '{"timeout": "x"}', toml: 'timeout = "x"' };
    await writeFile(join(home, name), texts[name.split('.').at(-1)!] ?? 'timeout: x');
    const { status, stderr } = await unreachable([], { HOME: home });
    assert.equal(status, 2);
    assert.ok(stderr.startsWith(`coilctl: timeout in ${join(home, name)} takes a duration`), stderr);
  });
}

for (const { argv, input = '', stdout, status } of V1_CALLS) {
  test(`${argv.join(' ')}: status ${status}, and v1's output`, async () => {
    const ended = await runMain(main, [...argv, '--store', store], { stdin: Readable.from([input]) });
    assert.equal(ended.status, status, ended.stderr);
    if (typeof stdout === 'string') assert.equal(ended.stdout, stdout);
    else assert.match(ended.stdout, stdout);
    // a failure is said on standard error, and nothing else is
    assert.equal(ended.stderr !== '', status !== 0, ended.stderr);
  });
}
