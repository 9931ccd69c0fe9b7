import type { EtcdClient } from './etcd-client.ts';
import type { Keys } from './keys.ts';

/** What every part of the store works on. */
export interface EtcdDatabase {
  readonly client: EtcdClient;
  readonly keys: Keys;
}

/** Attempts of a change that others of the same data get in the way of, before it is given up as a conflict. */
export const CHANGE_ATTEMPTS = 40;
/** Between two attempts: an etcd transaction takes 1 to 10 ms. */
export const CHANGE_BACKOFF = { baseMs: 4, maxMs: 1000 } as const;
