/** What v1.1 documented of coild and of coil, the plugin, for the test beside. coilctl's is in test/coilctl. */

export interface V1Flag {
  readonly flag: string;
  /** As v1's help text had it; absent for none. */
  readonly default?: string;
  /** Ours, where it is written in another way. */
  readonly ours?: string;
}

export const V1_COILD_FLAGS: readonly V1Flag[] = [
  { flag: '--http', default: '127.0.0.1:9383' },
  { flag: '--table-id', default: '119' },
  { flag: '--protocol-id', default: '30' },
  { flag: '--scan-interval', default: '10m0s', ours: '10m' },
  { flag: '--etcd-endpoints', default: 'http://127.0.0.1:2379' },
  { flag: '--etcd-prefix', default: '/coil/' },
  { flag: '--etcd-timeout', default: '2s' },
  { flag: '--etcd-username' },
  { flag: '--etcd-password' },
  { flag: '--etcd-tls-ca' },
  { flag: '--etcd-tls-cert' },
  { flag: '--etcd-tls-key' },
  { flag: '--logfile' },
  { flag: '--loglevel', default: 'info' },
  { flag: '--logformat', default: 'plain' },
];

/** Flags and values that v1's coild starts with, besides those of where its etcd is; `LOG` is a file's name. */
export const V1_COILD_STARTS: readonly (readonly string[])[] = [
  ['--http=127.0.0.1:9383', '--table-id=119', '--protocol-id=30', '--scan-interval=10m0s', '--etcd-timeout=2s'],
  ['--http', '127.0.0.1:9383', '--table-id', '119', '--scan-interval', '1h30m', '--etcd-timeout', '500ms'],
  ['--loglevel=debug'],
  ['--loglevel=info'],
];

/** Members of a line of the log with `--logformat=json`, and of one with logfmt. */
export const V1_LOG_MEMBERS = ['topic', 'logged_at', 'severity', 'utsname', 'message'];

/** Requests, and the status of their answers, of a node that gave nothing to anybody. */
export const V1_ENDPOINTS: readonly (readonly [method: string, path: string, status: number, body?: string])[] = [
  ['GET', '/status', 200],
  ['GET', '/status?verbose=1', 200],
  ['POST', '/status', 405],
  ['HEAD', '/status', 405],
  ['DELETE', '/status', 405],
  ['GET', '/status/', 404],
  ['GET', '//status', 404],
  ['GET', '/', 404],
  ['GET', '/ipx', 404],
  ['GET', '/ip', 405],
  ['PUT', '/ip', 405],
  ['DELETE', '/ip', 405],
  ['POST', '/ip', 400, ''],
  ['POST', '/ip', 400, '{}'],
  ['POST', '/ip', 400, '{"pod-namespace":"default","pod-name":null,"container-id":"x"}'],
  ['POST', '/ip', 400, '{"pod-namespace":"default","pod-name":"a","container-id":"a","address-type":"ipv5"}'],
  ['POST', '/ip', 503, '{"pod-namespace":"default","pod-name":"a","container-id":"a","address-type":"ipv6"}'],
  ['GET', '/ip/', 400],
  ['POST', '/ip/', 400],
  ['GET', '/ip/default', 400],
  ['GET', '/ip/default/web', 400],
  ['PUT', '/ip/default/web', 400],
  ['GET', '/ip//web/c', 400],
  ['GET', '/ip/default//c', 400],
  ['DELETE', '/ip/default/web/', 400],
  ['GET', '/ip/default/web/c', 404],
  ['GET', '/ip/default/web/c/d', 404],
  ['GET', '/ip/default%2Fweb/c', 404],
  ['DELETE', '/ip/default/web/c', 200],
  ['DELETE', '/ip/default/web/c/d?force=1', 200],
  ['POST', '/ip/default/web/c', 405],
  ['PUT', '/ip/default/web/c', 405],
  ['HEAD', '/ip/default/web/c', 405],
];

/** Bodies of `POST /ip`, each of a Pod of its own, that v1 takes. */
export const V1_ALLOCATIONS: readonly { readonly headers: Readonly<Record<string, string>>; readonly more: object }[] =
  [
    { headers: { 'Content-Type': 'application/json' }, more: { 'address-type': 'ipv4' } },
    { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, more: { 'address-type': '' } },
    { headers: {}, more: { later: [1] } },
  ];

/** Versions of the CNI specification that v1's plugin spoke. */
export const V1_CNI_VERSIONS = ['0.1.0', '0.2.0', '0.3.0', '0.3.1'];

/** What of it is not so with us, and why. */
export const V1_SURFACE_EXCEPTIONS = {
  '--scan-interval': 'the default is the same time, written without 0s',
  'CNI 0.1.0': 'its result has no place for the interfaces; no runtime that is supported asks for it',
  'CNI 0.2.0': 'as 0.1.0',
  'coild in the network configuration':
    'without it the plugin uses the unix socket, which no other user can listen on or connect to',
} as const;

/** Calls of the plugin that are made one after the other for one Pod, and whether v1 succeeds. */
export const V1_PLUGIN_CALLS: readonly {
  readonly command: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly succeeds: boolean;
}[] = [
  { command: 'ADD', env: { CNI_ARGS: 'K8S_POD_NAME=web' }, succeeds: false },
  { command: 'ADD', env: { CNI_ARGS: 'K8S_POD_NAMESPACE=ns' }, succeeds: false },
  { command: 'ADD', env: { CNI_NETNS: '/run/netns/ct-not-there' }, succeeds: false },
  { command: 'DEL', succeeds: true },
  { command: 'ADD', succeeds: true },
  { command: 'DEL', env: { CNI_NETNS: '' }, succeeds: true },
  { command: 'DEL', succeeds: true },
];
