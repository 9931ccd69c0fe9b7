import { CoilError } from '../model/error.ts';
import { Backoff } from '../process/backoff.ts';
import type { Logger } from '../process/logger.ts';
import type { OpenedStore, StoreOptions } from '../store/open-store.ts';
import { openConfiguredStore, type StoreSurroundings } from './open-configured-store.ts';

export interface PatientSurroundings extends StoreSurroundings {
  readonly logger: Logger;
  readonly backoff?: Backoff;
}

/**
 * As `openConfiguredStore`, for a daemon: Kubernetes is asked again until it tells where etcd is. Undefined where
 * `signal` is aborted before.
 * @throws {CoilError} what time does not mend
 */
export async function openStorePatiently(
  options: StoreOptions,
  surroundings: PatientSurroundings,
): Promise<OpenedStore | undefined> {
  const { signal, logger, backoff = new Backoff({ baseMs: 500, maxMs: 10_000 }) } = surroundings;
  while (!signal.aborted) {
    try {
      return await openConfiguredStore(options, surroundings);
    } catch (error) {
      if (signal.aborted) break;
      // a file that cannot be opened waits for an administrator, an API server comes back by itself
      if (options.medium === 'sqlite' || !CoilError.is(error, 'store-unavailable')) throw error;
      logger.error('Kubernetes does not tell where etcd is; asking again', { error });
    }
    await backoff.wait(signal).catch(() => undefined);
  }
  return undefined;
}
