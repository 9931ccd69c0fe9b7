/** What v1.1 documented of coilctl, for the test beside. Outputs over a whole cluster are in test/golden/coilctl.txt. */

/** A flag, its default, and the member of the configuration file that stands for it. */
export interface V1Flag {
  readonly flag: string;
  readonly default?: string;
  readonly member?: string;
  readonly env?: string;
  /** Values that have to be taken; FILE is the name of one with certificates. What they do is in v1-configuration.test.ts. */
  readonly takes: readonly string[];
}

export const V1_FLAGS: readonly V1Flag[] = [
  { flag: '--config', takes: [] },
  {
    flag: '--etcd-endpoints',
    default: 'http://127.0.0.1:2379',
    member: 'endpoints',
    env: 'COILCTL_ENDPOINTS',
    takes: ['http://127.0.0.1:1', 'https://127.0.0.1:1,https://127.0.0.1:2', '@cke-etcd'],
  },
  { flag: '--etcd-prefix', default: '/coil/', member: 'prefix', env: 'COILCTL_PREFIX', takes: ['/coil/', '/x'] },
  {
    flag: '--etcd-timeout',
    default: '2s',
    member: 'timeout',
    env: 'COILCTL_TIMEOUT',
    takes: ['2s', '500ms', '1h30m', '10m0s'],
  },
  { flag: '--etcd-username', member: 'username', env: 'COILCTL_USERNAME', takes: ['coil'] },
  { flag: '--etcd-password', member: 'password', env: 'COILCTL_PASSWORD', takes: ['secret'] },
  { flag: '--etcd-tls-ca', member: 'tls-ca-file', env: 'COILCTL_TLS_CA_FILE', takes: ['FILE'] },
  { flag: '--etcd-tls-cert', member: 'tls-cert-file', env: 'COILCTL_TLS_CERT_FILE', takes: [] },
  { flag: '--etcd-tls-key', member: 'tls-key-file', env: 'COILCTL_TLS_KEY_FILE', takes: [] },
  { flag: '--logfile', takes: ['/dev/null'] },
  { flag: '--loglevel', default: 'info', takes: ['critical', 'error', 'warning', 'info', 'debug'] },
  { flag: '--logformat', default: 'plain', takes: ['plain', 'logfmt', 'json'] },
];

/** Endings of the file in the home folder, in the order in which they are looked for. */
export const V1_CONFIG_FILES = ['.coilctl.yml', '.coilctl.yaml', '.coilctl.json', '.coilctl.toml'];

/** A call of a command, and what it prints (a pattern, where v1 documented no more). */
export interface V1Call {
  readonly argv: readonly string[];
  readonly input?: string;
  readonly stdout: string | RegExp;
  readonly status: number;
}

/** Made one after the other over a datastore that is empty at first. */
export const V1_CALLS: readonly V1Call[] = [
  { argv: ['pool', 'create', 'default', '10.50.0.0/16', '5'], stdout: '', status: 0 },
  { argv: ['pool', 'create', '0-global', '203.0.113.0/29', '0'], stdout: '', status: 0 },
  { argv: ['pool', 'create', 'default', '10.51.0.0/16', '5'], stdout: '', status: 1 },
  { argv: ['pool', 'add-subnet', 'default', '10.60.0.0/16'], stdout: '', status: 0 },
  { argv: ['pool', 'add-subnet', 'absent', '10.61.0.0/16'], stdout: '', status: 1 },
  {
    argv: ['pool', 'list'],
    stdout:
      '0-global:\n    Subnets: 203.0.113.0/29\n    Size: 0\n' +
      'default:\n    Subnets: 10.50.0.0/16, 10.60.0.0/16\n    Size: 5\n',
    status: 0,
  },
  { argv: ['pool', 'show', 'default', '10.50.0.0/16'], stdout: 'free blocks: 2048 out of 2048\n', status: 0 },
  {
    argv: ['pool', 'show', '--json', '0-global', '203.0.113.0/29'],
    stdout: `{"free":[${Array.from({ length: 8 }, (_, i) => `"203.0.113.${i}/32"`)}],"nodes":{}}\n`,
    status: 0,
  },
  { argv: ['node', 'blocks', 'node1'], stdout: '', status: 0 },
  { argv: ['address', 'info', '10.50.0.1'], stdout: '', status: 1 },
  { argv: ['address', 'free', '10.50.0.1'], input: 'y\n', stdout: '', status: 1 },
  { argv: ['completion'], stdout: /complete .*coilctl/, status: 0 },
];
