import { isAbsolute } from 'node:path';
import { choiceFlag, type Flags, type FlagValues, textFlag } from '../process/flag.ts';
import type { Logger } from '../process/logger.ts';
import type { Metrics } from '../process/metrics.ts';
import { UsageError } from '../process/usage-error.ts';
import type { IpamStore } from '../store/ipam-store.ts';
import { meteredStore } from '../store/metered-store.ts';
import type { OpenedStore, StoreOptions } from '../store/open-store.ts';
import type { StoreConnection } from '../store/store-connection.ts';
import type { PatientSurroundings } from './open-store-patiently.ts';
import { openStoreSoon } from './open-store-soon.ts';

const JOURNAL = textFlag({
  takes: 'file',
  describe: 'File in which the node keeps for that what it knows and what it changed',
  default: '/var/lib/coil/journal.db',
});

export const OFFLINE_FLAGS = {
  offline: choiceFlag({
    describe: 'Whether Pods start and stop while etcd cannot be reached',
    choices: ['allow', 'deny'],
    default: 'allow',
  }),
  journal: { ...JOURNAL, read: (text, name) => absolutePath(JOURNAL.read(text, name), name) },
} as const satisfies Flags;

function absolutePath(path: string, name: string): string {
  if (isAbsolute(path)) return path;
  throw new UsageError(`${name} takes an absolute path, not ${JSON.stringify(path)}`);
}

export interface NodeStoreOptions {
  readonly node: string;
  readonly store: StoreOptions;
  readonly offline: FlagValues<typeof OFFLINE_FLAGS>;
}

export interface NodeStoreSurroundings extends PatientSurroundings {
  readonly now: () => Date;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** The datastore of a node, and what tells of the connection to it where the node can go on without it. */
export interface NodeStore extends AsyncDisposable {
  readonly store: IpamStore;
  /** The datastore itself: what must not be believed without it is asked there. */
  readonly datastore: OpenedStore;
  readonly connection: StoreConnection | undefined;
}

/**
 * Opens the datastore, with a journal before it where it is not on this machine anyway.
 * @throws {CoilError} what time does not mend
 */
export async function openNodeStore(
  { node, store: options, offline }: NodeStoreOptions,
  surroundings: NodeStoreSurroundings,
): Promise<NodeStore> {
  const { logger, metrics, signal } = surroundings;
  const opened = await openStoreSoon(options.medium === 'etcd' ? { ...options, node } : options, surroundings);
  const remote = meteredStore(opened, metrics);
  if (options.medium === 'sqlite' || offline.offline === 'deny' || signal.aborted) return alone(remote);
  const { Journal } = await import('../store/offline/journal.ts');
  const { OfflineStore } = await import('../store/offline/offline-store.ts');
  try {
    const prefix = options.config.prefix ?? '/coil/';
    const journal = await Journal.open({ path: offline.journal, node, prefix }, signal);
    const store = new OfflineStore({ ...surroundings, backoff: undefined, node, remote, journal });
    return { store, datastore: remote, connection: store, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
  } catch (error) {
    // with the datastore there is all that is needed
    logger.error('the journal cannot be used; without the datastore no Pod can start or stop', { error });
    return alone(remote);
  }
}

function alone(store: OpenedStore): NodeStore {
  return { store, datastore: store, connection: undefined, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}
