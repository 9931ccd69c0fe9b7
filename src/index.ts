/**
 * The library: the values that Coil works with, and its state in etcd or SQLite. docs/library.md shows how to use it.
 */

export { type LookUpEndpoints, resolveEtcdEndpoints } from './library/resolve-etcd-endpoints.ts';
export { AddressPool, DEFAULT_POOL, isCreatablePoolName, isPoolName } from './model/address-pool.ts';
export { BlockAssignment } from './model/block-assignment.ts';
export { emptyAssignment } from './model/empty-assignment.ts';
export { CoilError, type CoilErrorCode } from './model/error.ts';
export { IpAddress, type IpFamily } from './model/ip-address.ts';
export { formatIpAssignment, type IpAssignment, parseIpAssignment } from './model/ip-assignment.ts';
export { IpPrefix } from './model/ip-prefix.ts';
export type { EtcdConfig } from './store/etcd/etcd-config.ts';
export { newEtcdConfig } from './store/etcd/new-etcd-config.ts';
export type * from './store/ipam-store.ts';
export { openStore, type StoreOptions } from './store/open-store.ts';
