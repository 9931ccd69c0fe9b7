import type { Logger } from './logger.ts';

export interface DaemonDeps {
  readonly logger: Logger;
  /** Aborted where the daemon was told to stop. */
  readonly signal: AbortSignal;
}

/** The exit status of a daemon that `error` ended, which it logs; to be told to stop is no failure. */
export function daemonEnd(name: string, error: unknown, { logger, signal }: DaemonDeps): 0 | 1 {
  if (signal.aborted && error === signal.reason) {
    logger.info(`${name} has stopped`);
    return 0;
  }
  logger.error(`${name} cannot go on`, { error });
  return 1;
}
