import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hypercoil } from '../../src/programs/hypercoil-main.ts';
import { runMain } from '../run-main.ts';

/** What v1.1 documented of coil-controller and coil-installer; coild's, coil's and coilctl's part is tested elsewhere. */
const CONTROLLER_FLAGS: readonly (readonly [flag: string, fallback?: string])[] = [
  ['--scan-interval', '10m'],
  ['--address-expiration', '24h'],
  ['--etcd-endpoints', 'http://127.0.0.1:2379'],
  ['--etcd-prefix', '/coil/'],
  ['--etcd-timeout', '2s'],
  ['--etcd-username'],
  ['--etcd-password'],
  ['--etcd-tls-ca'],
  ['--etcd-tls-cert'],
  ['--etcd-tls-key'],
  ['--logfile'],
  ['--loglevel', 'info'],
  ['--logformat', 'plain'],
];

const INSTALLER_ENVIRONMENT: readonly (readonly [variable: string, fallback?: string])[] = [
  ['CNI_CONF_NAME', '10-coil.conflist'],
  ['CNI_ETC_DIR', '/host/etc/cni/net.d'],
  ['CNI_BIN_DIR', '/host/opt/cni/bin'],
  ['COIL_PATH', '/coil'],
  ['CNI_NETCONF'],
  ['CNI_NETCONF_FILE'],
  ['COIL_NODE_NAME'],
  ['COIL_BOOT_TAINT', 'coil.cybozu.com/bootstrap'],
];

const PROGRAMS = ['coil', 'coild', 'coilctl', 'coil-controller', 'coil-installer'];

async function helpOf(program: string): Promise<string> {
  const { status, stdout } = await runMain(hypercoil(program), ['--help']);
  assert.equal(status, 0);
  return stdout.replaceAll(/\s+/g, ' ');
}

/** What the help text says of `name`, up to the next flag or variable. */
function entryOf(help: string, name: string): string {
  const start = help.search(new RegExp(`(?<=^| )${name} `));
  assert.ok(start >= 0, `${name} is not in: ${help}`);
  const rest = help.slice(start + name.length);
  const next = rest.search(/ (?:-h, )?--[a-z]| (?:CNI|COIL)_[A-Z_]+ /);
  return next < 0 ? rest : rest.slice(0, next);
}

function fallbackIn(entry: string): string | undefined {
  return /\[default: "([^"]*)"\]/.exec(entry)?.[1];
}

test("coil-controller has v1's flags with v1's defaults", async () => {
  const help = await helpOf('coil-controller');
  for (const [flag, fallback] of CONTROLLER_FLAGS) assert.equal(fallbackIn(entryOf(help, flag)), fallback, flag);
});

test("coil-installer reads v1's environment with v1's defaults", async () => {
  const help = await helpOf('coil-installer');
  for (const [name, fallback] of INSTALLER_ENVIRONMENT) assert.equal(fallbackIn(entryOf(help, name)), fallback, name);
});

test('hypercoil is every program, by the name it is called by and by its first argument', async () => {
  for (const program of PROGRAMS) {
    const byName = await runMain(hypercoil(`/opt/bin/${program}`), ['--help']);
    const byArgument = await runMain(hypercoil('hypercoil'), [program, '--help']);
    assert.equal(byName.status, 0, program);
    assert.notEqual(byName.stdout, '', program);
    assert.deepEqual(byArgument, byName, program);
  }
});
