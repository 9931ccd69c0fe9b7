import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { FORWARDING_SYSCTLS } from '../../src/installer/sysctls.ts';
import { DEPLOY } from './manifests.ts';

const UNIT = join(DEPLOY, 'systemd/coild.service');
const unit = await readFile(UNIT, 'utf8');

test('systemd takes the unit without a warning', { skip: systemdMissing() }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ct-'));
  try {
    // it looks whether the program is there
    const copy = join(folder, 'coild.service');
    await writeFile(copy, unit.replace('/usr/local/bin/coild', process.execPath));
    const verify = ['verify', '--man=no', '--recursive-errors=no', copy];
    const { stdout, stderr } = await promisify(execFile)('systemd-analyze', verify, { timeout: 60_000 });
    assert.deepEqual({ stdout, stderr }, { stdout: '', stderr: '' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

const settings = new Map(
  unit.split('\n').flatMap((line) => (/^\w+=/.test(line) ? [line.split(/=(.*)/)] : [])) as [string, string][],
);

test('the folder of the socket, in which the plugin keeps what a stopped coild is to do, outlives coild', () => {
  assert.equal(settings.get('RuntimeDirectory'), 'coil');
  assert.equal(settings.get('RuntimeDirectoryPreserve'), 'yes');
});

test('it confines coild as the DaemonSet does', () => {
  assert.equal(settings.get('CapabilityBoundingSet'), 'CAP_NET_ADMIN CAP_SYS_ADMIN');
  assert.equal(settings.get('RestrictNamespaces'), 'net');
  assert.equal(settings.get('ProtectKernelTunables'), undefined);
  assert.ok(Number.parseInt(settings.get('TimeoutStopSec')!, 10) > 20, 'a stopping coild has 20 s');
});

test('the sysctls are those that the installer sets', async () => {
  const text = await readFile(join(DEPLOY, 'systemd/90-coil.conf'), 'utf8');
  const set = text.split('\n').filter((line) => /^[^#]/.test(line));
  assert.deepEqual(
    set,
    FORWARDING_SYSCTLS.map((name) => `${name} = 1`),
  );
});

function systemdMissing(): string | false {
  const { status } = spawnSync('systemd-analyze', ['--version'], { stdio: 'ignore' });
  return status === 0 ? false : 'needs systemd-analyze';
}
