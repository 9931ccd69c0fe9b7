import { CoilError } from '../model/error.ts';
import { durationFlag, type FlagValues, optionalTextFlag, textFlag } from '../process/flag.ts';
import { UsageError } from '../process/usage-error.ts';
import { type EtcdConfig, parseEndpoints, readTlsCredentials } from '../store/etcd/etcd-config.ts';
import type { IpamStore } from '../store/ipam-store.ts';

const group = 'Datastore:';

/** Where the state is kept, for every program that has to do with it; the etcd flags are v1's. */
export const STORE_FLAGS = {
  store: textFlag({ group, describe: 'etcd, or sqlite:PATH for one machine alone', default: 'etcd' }),
  'etcd-endpoints': textFlag({
    group,
    takes: 'list',
    describe: 'URLs of the etcd servers, comma-separated',
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

/** A datastore, and how to reach it. */
export type StoreOptions =
  | { readonly medium: 'etcd'; readonly config: EtcdConfig }
  | { readonly medium: 'sqlite'; readonly path: string };

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

function readEtcdConfig(flags: StoreFlagValues, originsOf: OriginsOf): EtcdConfig {
  const config = {
    endpoints: flags['etcd-endpoints'].split(',').map((endpoint) => endpoint.trim()),
    prefix: flags['etcd-prefix'],
    dialTimeoutMs: flags['etcd-timeout'],
    ...given('username', flags['etcd-username']),
    ...given('password', flags['etcd-password']),
    ...given('tlsCa', flags['etcd-tls-ca']),
    ...given('tlsCert', flags['etcd-tls-cert']),
    ...given('tlsKey', flags['etcd-tls-key']),
  };
  const object = config.endpoints.find((endpoint) => endpoint.startsWith('@'));
  if (object !== undefined) {
    throw new UsageError(
      `--etcd-endpoints takes URLs; ${object}, an Endpoints object of Kubernetes, cannot be read yet${told(originsOf(['etcd-endpoints']))}`,
    );
  }
  asUsage(originsOf(['etcd-endpoints']), () => parseEndpoints(config.endpoints));
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

/** Opens the datastore. Loads only what that one takes: etcd's client alone costs more than all the rest. */
export async function openStore(options: StoreOptions, signal: AbortSignal): Promise<IpamStore> {
  if (options.medium === 'sqlite') {
    const { SqliteIpamStore } = await import('../store/sqlite/sqlite-ipam-store.ts');
    return await SqliteIpamStore.open({ path: options.path }, signal);
  }
  const { EtcdIpamStore } = await import('../store/etcd/etcd-ipam-store.ts');
  return new EtcdIpamStore(options.config);
}
