import type { BootRecord } from './boot-record.ts';
import type { EtcdConfig } from './etcd/etcd-config.ts';
import type { IpamStore } from './ipam-store.ts';
import type { NodeSessions } from './node-sessions.ts';

/** A datastore, and how to reach it. */
export type StoreOptions =
  /** `node` is the one whose coild this is, if it is one. */
  | { readonly medium: 'etcd'; readonly config: EtcdConfig; readonly node?: string | undefined }
  /** A file on a local file system; it is made where it is not there (unless `create` is false), its folder is not. */
  | { readonly medium: 'sqlite'; readonly path: string; readonly create?: boolean };

/** All that a datastore keeps. */
export type OpenedStore = IpamStore &
  BootRecord & {
    /** Absent where the datastore is one machine's alone. */
    readonly sessions?: NodeSessions;
  };

/**
 * Opens the datastore. Loads only what that one takes: etcd's client alone costs more than all the rest. etcd is
 * connected to when it is first used.
 * @throws {CoilError} invalid-argument: an endpoint is no URL, a certificate cannot be read, the file is not Coil's;
 * store-not-found: there is no file, and it is not to be made; store-unavailable: the file cannot be opened
 */
export async function openStore(options: StoreOptions, signal: AbortSignal): Promise<OpenedStore> {
  if (options.medium === 'sqlite') {
    const { SqliteIpamStore } = await import('./sqlite/sqlite-ipam-store.ts');
    return await SqliteIpamStore.open({ path: options.path, create: options.create ?? true }, signal);
  }
  const { EtcdIpamStore } = await import('./etcd/etcd-ipam-store.ts');
  return new EtcdIpamStore({ ...options.config, node: options.node });
}
