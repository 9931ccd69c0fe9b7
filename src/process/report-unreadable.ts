import type { Logger } from './logger.ts';

/** Tells of values that the datastore has and nobody can read, each by its key, and once where several reads met it. */
export function reportUnreadable(logger: Logger, unreadable: readonly Error[]): void {
  for (const error of new Map(unreadable.map((one) => [one.message, one])).values())
    logger.error('a value in the datastore cannot be read; left as it is', { error });
}
