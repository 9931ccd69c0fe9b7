import { CoilError } from '../model/error.ts';
import { durationFlag, type FlagValues, optionalTextFlag, textFlag } from '../process/flag.ts';
import { UsageError } from '../process/usage-error.ts';
import { type EtcdConfig, parseEndpoints, readTlsCredentials } from '../store/etcd/etcd-config.ts';
import type { StoreOptions } from '../store/open-store.ts';

const group = 'Datastore:';

/** Where the state is kept, for every program that has to do with it; the etcd flags are v1's. */
export const STORE_FLAGS = {
  store: textFlag({ group, describe: 'etcd, or sqlite:PATH for one machine alone', default: 'etcd' }),
  'etcd-endpoints': textFlag({
    group,
    takes: 'list',
    describe: 'URLs of the etcd servers, comma-separated; or @NAME, the Endpoints kube-system/NAME',
    default: 'http://127.0.0.1:2379',
  }),
  'etcd-prefix': textFlag({ group, describe: 'What all keys begin with', default: '/coil/' }),
  'etcd-timeout': durationFlag({ group, describe: 'How long to try to connect', default: '2s', minMs: 1 }),
  'etcd-username': optionalTextFlag({ group, describe: 'Name to log in with' }),
  'etcd-password': optionalTextFlag({ group, describe: 'Password to log in with' }),
  'etcd-tls-ca': optionalTextFlag({
    group,
    takes: 'file',
    describe: 'File of CA certificates to check the servers by (PEM)',
  }),
  'etcd-tls-cert': optionalTextFlag({ group, takes: 'file', describe: 'File of the client certificate (PEM)' }),
  'etcd-tls-key': optionalTextFlag({ group, takes: 'file', describe: "File of the client certificate's key (PEM)" }),
} as const;

export type StoreFlagValues = FlagValues<typeof STORE_FLAGS>;

/** `@NAME`, as Kubernetes spells it. */
const OBJECT_NAME = /^@[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

type StoreFlagName = keyof StoreFlagValues;

/** Where else than on the command line the values of these flags were given: `COILCTL_ENDPOINTS`. */
export type OriginsOf = (names: readonly StoreFlagName[]) => readonly string[];

/**
 * What the flags say, checked as far as that is possible without opening anything.
 * @throws {UsageError} naming the flag, and what `originsOf` tells of it
 */
export function readStoreOptions(flags: StoreFlagValues, originsOf: OriginsOf = () => []): StoreOptions {
  const { store } = flags;
  if (store === 'etcd') return { medium: 'etcd', config: readEtcdConfig(flags, originsOf) };
  const [, path] = /^sqlite:(.+)$/.exec(store) ?? [];
  if (path !== undefined) return { medium: 'sqlite', path };
  throw new UsageError(
    `--store takes etcd or sqlite:PATH, such as sqlite:/var/lib/coil/coil.db, not ${JSON.stringify(store)}${told(originsOf(['store']))}`,
  );
}

/** As v1, and as a template that left one out would write it: `a,,b,`. */
function endpointsOf(list: string): readonly string[] {
  return list
    .split(',')
    .map((endpoint) => endpoint.trim())
    .filter((endpoint) => endpoint !== '');
}

function readEtcdConfig(flags: StoreFlagValues, originsOf: OriginsOf): EtcdConfig {
  const config = {
    endpoints: endpointsOf(flags['etcd-endpoints']),
    prefix: flags['etcd-prefix'],
    dialTimeoutMs: flags['etcd-timeout'],
    ...given('username', flags['etcd-username']),
    ...given('password', flags['etcd-password']),
    ...given('tlsCa', flags['etcd-tls-ca']),
    ...given('tlsCert', flags['etcd-tls-cert']),
    ...given('tlsKey', flags['etcd-tls-key']),
  };
  // an Endpoints object of Kubernetes stands alone, and is looked up when the store is opened
  const isObject = config.endpoints.length === 1 && OBJECT_NAME.test(config.endpoints[0]!);
  if (!isObject) asUsage(originsOf(['etcd-endpoints']), () => parseEndpoints(config));
  asUsage(originsOf(['etcd-tls-ca', 'etcd-tls-cert', 'etcd-tls-key']), () => readTlsCredentials(config));
  return config;
}

function given<Name extends string>(name: Name, value: string | undefined): { readonly [N in Name]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [N in Name]?: string });
}

/** What the store finds wrong with its configuration begins with the flag's name. */
function asUsage(origins: readonly string[], check: () => unknown): void {
  try {
    check();
  } catch (error) {
    if (CoilError.is(error, 'invalid-argument'))
      throw new UsageError(`--${error.message}${told(origins)}`, { cause: error });
    throw error;
  }
}

function told(origins: readonly string[]): string {
  return origins.length === 0 ? '' : ` (given by ${origins.join(', ')})`;
}

/** The datastore as a message names it; without the password. */
export function describeStore(options: StoreOptions): string {
  return options.medium === 'sqlite' ? `file ${options.path}` : `etcd at ${options.config.endpoints.join(', ')}`;
}
