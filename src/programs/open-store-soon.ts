import { CoilError } from '../model/error.ts';
import { DeferredStore } from '../store/deferred-store.ts';
import type { OpenedStore, StoreOptions } from '../store/open-store.ts';
import { openConfiguredStore } from './open-configured-store.ts';
import { openStorePatiently, type PatientSurroundings } from './open-store-patiently.ts';

/**
 * As `openConfiguredStore`, for a daemon that can do something without its datastore: where Kubernetes does not tell
 * where etcd is, it is asked again in the background, and calls fail until it does.
 * @throws {CoilError} what time does not mend
 */
export async function openStoreSoon(options: StoreOptions, surroundings: PatientSurroundings): Promise<OpenedStore> {
  const { logger, signal } = surroundings;
  try {
    return await openConfiguredStore(options, surroundings);
  } catch (error) {
    // a file that cannot be opened waits for an administrator, an API server comes back by itself
    const isPassing = options.medium === 'etcd' && CoilError.is(error, 'store-unavailable');
    if (!isPassing && !signal.aborted) throw error;
    logger.error('Kubernetes does not tell where etcd is; asking again', { error });
    return new DeferredStore(error, async (until) => {
      try {
        return await openStorePatiently(options, { ...surroundings, signal: AbortSignal.any([signal, until]) });
      } catch (cause) {
        logger.error('etcd cannot be used as it is configured; put that right, and restart coild', { error: cause });
        throw new CoilError('store-unavailable', 'etcd cannot be used as it is configured', {
          cause,
        });
      }
    });
  }
}
