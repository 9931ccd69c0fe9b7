import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as library from '../../src/index.ts';
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

const LOG_ARGUMENTS = [
  '--logfile=/dev/null',
  ...['critical', 'error', 'warning', 'info', 'debug'].map((level) => `--loglevel=${level}`),
  ...['plain', 'logfmt', 'json'].map((format) => `--logformat=${format}`),
];
const ETCD_ARGUMENTS = [
  ...['http://127.0.0.1:2379', 'https://etcd1:2379,https://etcd2:2379', '@cke-etcd'].map(
    (endpoints) => `--etcd-endpoints=${endpoints}`,
  ),
  ...['--etcd-prefix=/coil/', '--etcd-prefix=/coil', '--etcd-timeout=2s', '--etcd-timeout=500ms'],
  ...['--etcd-username=coil', '--etcd-password=secret', '--etcd-tls-ca=', '--etcd-tls-cert=', '--etcd-tls-key='],
];
const DURATIONS = ['10m', '10m0s', '1h30m', '500ms', '0.5h', '8760h'];

/** Arguments that v1's programs took, and the environment in which each ends before it does anything. */
const TAKEN: Readonly<Record<string, { readonly env: Record<string, string>; readonly argv: readonly string[] }>> = {
  coild: {
    env: { COIL_NODE_NAME: 'a/b' },
    argv: [
      ...LOG_ARGUMENTS,
      ...ETCD_ARGUMENTS,
      ...DURATIONS.map((duration) => `--scan-interval=${duration}`),
      ...['--http=127.0.0.1:9383', '--http=0.0.0.0:80', '--table-id=119', '--protocol-id=30'],
    ],
  },
  'coil-controller': {
    env: {},
    argv: [
      ...LOG_ARGUMENTS,
      ...ETCD_ARGUMENTS,
      ...DURATIONS.flatMap((duration) => [`--scan-interval=${duration}`, `--address-expiration=${duration}`]),
    ],
  },
  'coil-installer': { env: {}, argv: LOG_ARGUMENTS },
};

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

for (const [program, { env, argv }] of Object.entries(TAKEN)) {
  test(`${program} takes what v1 took`, async () => {
    const run = (...args: string[]) => runMain(hypercoil(program), args, { env });
    const ends = await run();
    for (const argument of argv) {
      const { status, stderr } = await run(argument);
      // of a usage error, the text is what tells one from another; a line of the log has its time and its layout
      const [expected, found] = ends.status === 2 ? [ends, { status, stderr, stdout: '' }] : [ends.status, status];
      assert.deepEqual(found, expected, `${argument}: ${stderr}`);
    }
    assert.match((await run('--no-such-flag')).stderr, /no-such-flag/);
  });
}

test("the library has what v1's package had", () => {
  const { AddressPool, BlockAssignment, CoilError, IpPrefix, emptyAssignment, newEtcdConfig } = library;
  const subnet = IpPrefix.parse('10.11.0.0/16');
  const pool = AddressPool.fromJSON({ subnets: ['10.11.0.0/16'], block_size: 5 });
  pool.validate();
  assert.equal(JSON.stringify(pool), '{"subnets":["10.11.0.0/16"],"block_size":5}');
  const empty = emptyAssignment(subnet, 5);
  assert.equal(empty.freeList.length, 2048);
  assert.equal(JSON.stringify(BlockAssignment.fromJSON({ free: null, nodes: {} })), '{"free":null,"nodes":{}}');
  assert.throws(
    () => empty.release('node1', [empty.freeList[0]!]),
    (error) => CoilError.is(error, 'block-not-found'),
  );
  const { endpoints, prefix, dialTimeoutMs } = newEtcdConfig();
  assert.deepEqual([endpoints, prefix, dialTimeoutMs], [['http://127.0.0.1:2379'], '/coil/', 2000]);
  assert.equal(library.parseIpAssignment('default/old-pod').pod, 'old-pod');
  assert.equal(typeof library.resolveEtcdEndpoints, 'function');
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
