import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { main } from '../../src/programs/coil-installer.ts';
import { needsRoot } from '../kernel/kernel-fixture.ts';
import { type Ended, runMain } from '../run-main.ts';
import { netconf, TestNode } from './test-node.ts';

const HYPERCOIL = fileURLToPath(new URL('../../src/programs/hypercoil.ts', import.meta.url));
const TIMEOUT_MS = 60_000;
const RESCAN_MS = 6000;

/** What the program is told, to install on `node` without an API server. */
function environment(node: TestNode): Record<string, string> {
  return {
    CNI_ETC_DIR: node.etcDir,
    CNI_BIN_DIR: node.binDir,
    CNI_NETCONF: netconf('k8s'),
    COIL_PATH: join(node.folder, 'coil'),
    COIL_BOOT_TAINT: '',
  };
}

/** Runs a shell script in which "$@" is the program, with a network and mounts of its own. */
function inNamespaces(script: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const program = [process.execPath, HYPERCOIL, 'coil-installer'];
  const args = ['--net', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ...program];
  const options = { env: { PATH: process.env.PATH, ...env }, timeout: TIMEOUT_MS };
  return new Promise((resolve) => {
    execFile('unshare', args, options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test('installs in a network namespace of its own, twice, and uninstalls, twice', { skip: needsRoot }, async () => {
  await using node = await TestNode.create();
  await writeFile(join(node.folder, 'coil'), 'plugin');
  const sysctls = 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding';
  const timed = '"$@" >&2; echo $? $(date +%s%3N)';
  const again = `${timed}; mount -o remount,ro,bind /proc/sys; ${timed}`;
  const script = `echo 0 >/proc/sys/net/ipv4/ip_forward; date +%s%3N; mount --bind /proc/sys /proc/sys; ${again}; ${sysctls}`;
  const { status, stdout, stderr } = await inNamespaces(script, environment(node));
  const [start, first, second, ...forwarding] = stdout.trim().split('\n');
  assert.equal(status, 0, stderr);
  assert.deepEqual(forwarding, ['1', '1']);
  const endOf = (line = '') => Number(/^0 (\d+)$/.exec(line)?.[1] ?? assert.fail(stderr));
  assert.ok(endOf(first) - Number(start) >= RESCAN_MS, 'it did not wait for the runtime');
  assert.ok(endOf(second) - endOf(first) < RESCAN_MS, 'it waited for nothing');
  assert.equal((await node.print()).length, 3);
  const uninstalled = await inNamespaces('"$@" uninstall && "$@" uninstall', environment(node));
  assert.equal(uninstalled.status, 0, uninstalled.stderr);
  assert.deepEqual(await node.print(), []);
});

for (const [what, prepare, file, error] of [
  [
    'a full disk under net.d',
    (n: TestNode) => `mount -t tmpfs -o size=8k tmpfs ${n.etcDir}`,
    'coil-installer.record',
    'ENOSPC',
  ],
  ['a full disk under bin', (n: TestNode) => `mount -t tmpfs -o size=8k tmpfs ${n.binDir}`, 'coil', 'ENOSPC'],
  [
    'a net.d that is read-only',
    ({ etcDir }: TestNode) => `mount --bind ${etcDir} ${etcDir} && mount -o remount,ro,bind ${etcDir}`,
    'coil-installer.record',
    'EROFS',
  ],
] as const) {
  test(`${what}: the file is named, and nothing half is left`, { skip: needsRoot }, async () => {
    await using node = await TestNode.create();
    await writeFile(join(node.folder, 'coil'), 'x'.repeat(100_000));
    const fill = `head -c 1M /dev/zero >${node.etcDir}/filler 2>/dev/null`;
    const list = `ls -A ${node.etcDir} ${node.binDir}`;
    const filled = what.includes('net.d') ? `${fill};` : '';
    const { stdout, stderr } = await inNamespaces(
      `${prepare(node)} || exit 9; ${filled} "$@" >&2; echo $?; ${list}`,
      environment(node),
    );
    const [status, ...names] = stdout.trim().split('\n');
    assert.equal(status, '1', stderr);
    assert.match(
      stderr,
      new RegExp(`coil-installer cannot go on.*cannot write \\S+/${file.replaceAll('.', '\\.')}: ${error}`),
    );
    assert.deepEqual(
      names.filter((name) => name.includes('.tmp')),
      [],
    );
    assert.ok(!names.includes('10-coil.conflist'), 'there is a configuration without its plugin');
  });
}

test('a sysctl that cannot be set is named, and no file is written', { skip: needsRoot }, async () => {
  await using node = await TestNode.create();
  await writeFile(join(node.folder, 'coil'), 'plugin');
  const script = `echo 0 >/proc/sys/net/ipv4/ip_forward; mount --bind -o ro /proc/sys /proc/sys
    mount -o remount,ro,bind /proc/sys; "$@"`;
  const { status, stderr } = await inNamespaces(script, environment(node));
  assert.equal(status, 1);
  assert.match(stderr, /cannot set the sysctl net\.ipv4\.ip_forward to 1 \(run the installer privileged.*EROFS/);
  assert.deepEqual(await node.print(), []);
});

for (const [what, change, message] of [
  ['a network configuration', { CNI_NETCONF: '{' }, /^coil-installer: CNI_NETCONF: it is not JSON/],
  ['a plugin', { COIL_PATH: '/nonexistent' }, /^coil-installer: COIL_PATH names \/nonexistent, which is not there\n/],
  [
    'a way to the API server',
    { COIL_BOOT_TAINT: 'boot', COIL_NODE_NAME: 'node1' },
    /^coil-installer: --kubeconfig is needed/,
  ],
] as const) {
  test(`${what} that is wrong is a usage error, and nothing is changed`, async () => {
    await using node = await TestNode.create();
    const before = await node.touched();
    const { status, stdout, stderr } = await runMain(main, [], { env: { ...environment(node), ...change } });
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
    assert.match(stderr, message);
    assert.deepEqual(await node.touched(), before);
  });
}

test('a folder that is missing is a failure, in the log', async () => {
  await using node = await TestNode.create();
  await rm(node.binDir, { recursive: true });
  const { status, stderr } = await runMain(main, ['uninstall', '--logformat=json'], { env: environment(node) });
  assert.equal(status, 1);
  const { topic, error } = JSON.parse(stderr);
  assert.equal(topic, 'coil-installer');
  assert.match(error, /^cannot list .*\/bin \(the node's folder has to be there.*ENOENT/);
});

test('help names every variable, and flags alone follow', async () => {
  const { status, stdout } = await runMain(main, ['--help']);
  assert.equal(status, 0);
  for (const name of [
    'CNI_ETC_DIR',
    'CNI_BIN_DIR',
    'CNI_NETCONF',
    'COIL_PATH',
    'COIL_BOOT_TAINT',
    'CNI_EXCLUSIVE',
    'COIL_NODE_NAME',
  ]) {
    assert.ok(stdout.includes(`  ${name} `), name);
  }
  assert.equal((await runMain(main, ['uninstall', '--help'])).status, 0);
  assert.equal((await runMain(main, ['remove'])).status, 2);
});
