import { SUPPORTED_CNI_VERSIONS } from '../../src/cni/versions.ts';
import type { CallOptions, Sandbox } from './sandbox.ts';

/** A call of the plugin with something wrong in it. */
export interface BadCall {
  readonly name: string;
  /** ADD by default. */
  readonly command?: string;
  readonly options: (sandbox: Sandbox) => CallOptions;
  readonly code: number;
  /** What its message and details have to say: what is wrong. */
  readonly says: RegExp;
}

const env = (
  variables: Readonly<Record<string, string | undefined>>,
  says: RegExp,
  { code = 4, command = 'ADD' } = {},
): BadCall => ({
  name: `${command} with ${JSON.stringify(variables, (_, value) => value ?? '(not set)').slice(0, 80)}`,
  command,
  options: () => ({ env: variables }),
  code,
  says,
});
const netconf = (members: NonNullable<CallOptions['netconf']>, code: number, says: RegExp): BadCall => ({
  name: `a network configuration with ${JSON.stringify(members).slice(0, 60)}`,
  options: () => ({ netconf: members }),
  code,
  says,
});
const args = (text: string, says: RegExp) => env({ CNI_ARGS: text }, says);

const ENVIRONMENT: readonly BadCall[] = [
  ...['CNI_CONTAINERID', 'CNI_IFNAME', 'CNI_NETNS'].flatMap((name) =>
    [undefined, ''].map((value) => env({ [name]: value }, new RegExp(`missing: ${name}:`))),
  ),
  env({ CNI_CONTAINERID: '', CNI_IFNAME: '', CNI_NETNS: '' }, /missing: CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME:/),
  ...['CNI_CONTAINERID', 'CNI_IFNAME'].map((name) =>
    env({ [name]: undefined }, new RegExp(`missing: ${name}:`), { command: 'DEL' }),
  ),
  ...['', 'add', 'ADD ', 'EXEC'].map((command) => env({ CNI_COMMAND: command }, /CNI_COMMAND is/)),
  ...['.x', '-x', 'a/b', 'a b', 'é', '../../etc', 'x'.repeat(201)].map((id) =>
    env({ CNI_CONTAINERID: id }, /CNI_CONTAINERID ".*" is not valid/),
  ),
  env({ CNI_CONTAINERID: 'a/b' }, /CNI_CONTAINERID/, { command: 'DEL' }),
  ...['a/b', 'a:b', 'a b', '.', '..', 'x'.repeat(16), 'eth0\u00a0'].map((name) =>
    env({ CNI_IFNAME: name }, /CNI_IFNAME ".*" is not valid/),
  ),
  ...['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_ARGS', 'CNI_PATH'].flatMap((name) =>
    ['a\r\nCNI-Netns: /proc/1/ns/net', 'a\nb', 'a\rb', 'a\u007fb'].map((value) =>
      env({ [name]: value }, new RegExp(`${name} holds a control character`)),
    ),
  ),
  env({ CNI_ARGS: `A=${'x'.repeat(20_000)}` }, /CNI_ARGS is 20002 bytes, too long/),
  env({ CNI_ARGS: undefined }, /CNI_ARGS lacks K8S_POD_NAMESPACE and K8S_POD_NAME/),
  args('K8S_POD_NAMESPACE=ns', /CNI_ARGS lacks K8S_POD_NAME:/),
  args('K8S_POD_NAMESPACE=ns;K8S_POD_NAME=', /CNI_ARGS lacks K8S_POD_NAME:/),
  args('K8S_POD_NAMESPACE;K8S_POD_NAME=p', /CNI_ARGS has a part that is not KEY=VALUE: "K8S_POD_NAMESPACE"/),
  args('K8S_POD_NAMESPACE=NS;K8S_POD_NAME=p', /CNI_ARGS: K8S_POD_NAMESPACE "NS" is not valid/),
  args('K8S_POD_NAMESPACE=ns;K8S_POD_NAME=../p', /CNI_ARGS: K8S_POD_NAME "..\/p" is not valid/),
];

const NAMESPACES: readonly BadCall[] = [
  ...[
    'run/netns/x',
    '/run/netns/',
    '/run/netns/..',
    '/run/netns/../../etc/passwd',
    '/run/netns/a/b',
    '/run//netns/x',
    import.meta.filename,
    '/',
    '/dev/null',
    '/dev/watchdog',
    '/proc/self/ns/uts',
    '/proc/1/root/run/netns/x',
    '/proc/self/fd/0',
    '/proc/self/../self/ns/net',
    '/sys/fs/cgroup',
  ].flatMap((path) =>
    ['ADD', 'DEL', 'CHECK'].map((command) => env({ CNI_NETNS: path }, /CNI_NETNS ".*" is not valid/, { command })),
  ),
  env({ CNI_NETNS: '/run/netns/ct-not-there' }, /no network namespace at \/run\/netns\/ct-not-there/, { code: 8 }),
  env({ CNI_NETNS: '/proc/self/ns/net' }, /the network namespace of the node itself/, { code: 8 }),
  {
    name: "the path of the node's own namespace",
    options: ({ node }) => ({ env: { CNI_NETNS: node.netns.path } }),
    code: 8,
    says: /ct-.* is the network namespace of the node itself/,
  },
  env({ CNI_IFNAME: 'lo' }, /has an interface lo already/),
  env({ CNI_IFNAME: 'taken' }, /has an interface taken already/),
];

const CONFIGURATION: readonly BadCall[] = [
  netconf('no JSON', 6, /network configuration .* is not a JSON object/),
  netconf('[]', 6, /is not a JSON object/),
  netconf(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`, 6, /nested deeper than 128/),
  netconf({ padding: 'x'.repeat(1024 * 1024) }, 7, /the network configuration is \d+ bytes, more than 524288/),
  netconf({ cniVersion: '9.9.9' }, 1, new RegExp(`cniVersion "9.9.9" .*${SUPPORTED_CNI_VERSIONS.join(', ')}`)),
  netconf({ cniVersion: '0.2.0' }, 1, /cniVersion "0.2.0" is not supported/),
  netconf({ cniVersion: undefined }, 1, /no cniVersion/),
  netconf({ cniVersion: 1.1 }, 7, /cniVersion in the network configuration must be a string/),
  netconf({ name: undefined }, 7, /the network configuration has no name/),
  netconf({ name: 'a b' }, 7, /name "a b" is not a network's name/),
  netconf({ name: { long: 'x'.repeat(300_000) } }, 7, /^name .{1,400}$/),
  netconf({ coild: 'http://coild.example:9383' }, 7, /coild in the network configuration is http:/),
  env({}, /prevResult is missing: to CHECK, the runtime has to give the result of ADD/, { code: 7, command: 'CHECK' }),
  netconf({ prevResult: {} }, 7, /prevResult is not expected/),
  netconf({ prevResult: 'x' }, 7, /prevResult is not an object/),
  netconf({ runtimeConfig: { ips: ['10.11.0.7/32'] } }, 2, /runtimeConfig.ips is not supported/),
];

const FULL: readonly BadCall[] = [
  {
    name: 'a namespace whose pool is full',
    options: ({ pod }) => ({ env: { CNI_ARGS: `K8S_POD_NAMESPACE=full;K8S_POD_NAME=${pod}` } }),
    code: 11,
    says: /out of address blocks: no more blocks in pool full/,
  },
];

/** Nothing of these may change anything. */
export const BAD_CALLS: readonly BadCall[] = [...ENVIRONMENT, ...NAMESPACES, ...CONFIGURATION, ...FULL];
