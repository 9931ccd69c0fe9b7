import type { NodeSync } from './node-sync.ts';

/**
 * By which leaks are judged: what a node has changed without its datastore nobody else was told of, so its state proves
 * nothing while it is without.
 */
export function judgedSync(
  sync: Pick<NodeSync, 'ready' | 'isFresh'>,
  isOffline: () => boolean,
): Pick<NodeSync, 'ready' | 'isFresh'> {
  return {
    ready: sync.ready.bind(sync),
    get isFresh() {
      return sync.isFresh && !isOffline();
    },
  };
}
