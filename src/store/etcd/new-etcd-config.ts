import type { EtcdConfig } from './etcd-config.ts';

/** v1's defaults: one etcd on this machine, keys below `/coil/`, two seconds to connect. A new object each time. */
export function newEtcdConfig(): EtcdConfig {
  return { endpoints: ['http://127.0.0.1:2379'], prefix: '/coil/', dialTimeoutMs: 2000 };
}
