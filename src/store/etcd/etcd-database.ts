import type { EtcdClient } from './etcd-client.ts';
import type { Keys } from './keys.ts';
import { type Changes, NodeTerm } from './node-term.ts';

/** What every part of the store works on. */
export interface EtcdDatabase {
  readonly client: EtcdClient;
  readonly keys: Keys;
  /** Of addresses, and of blocks that are returned: within the term of the node that the store is of. */
  readonly changes: Changes;
}

/** @param node whose coild asks; an administrator sees what became of a change */
export function etcdDatabase(
  { client, keys }: Pick<EtcdDatabase, 'client' | 'keys'>,
  node: string | undefined,
): EtcdDatabase {
  const changes: Changes =
    node === undefined
      ? { transact: client.transact.bind(client), settled: async () => undefined }
      : new NodeTerm(client, { node, key: keys.term(node) });
  return { client, keys, changes };
}

/** Attempts of a change that others of the same data get in the way of, before it is given up as a conflict. */
export const CHANGE_ATTEMPTS = 40;
/** Between two attempts: an etcd transaction takes 1 to 10 ms. */
export const CHANGE_BACKOFF = { baseMs: 4, maxMs: 1000 } as const;
