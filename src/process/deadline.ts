import { abortable } from './abortable.ts';
import { formatDuration } from './duration.ts';

/** The time that something was given has passed. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

export interface DeadlineOptions {
  readonly ms: number;
  /** Ends the wait sooner. */
  readonly signal: AbortSignal;
}

/**
 * Runs `body` with a signal that is aborted after `ms`, or with `signal`. Rejects then at once, whether or not `body`
 * heeds it: with a DeadlineError, or with the reason of `signal`.
 */
export async function withDeadline<T>(
  { ms, signal }: DeadlineOptions,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const either = AbortSignal.any([signal, late.signal]);
  const timer = setTimeout(() => late.abort(new DeadlineError(`no answer within ${formatDuration(ms)}`)), ms);
  try {
    either.throwIfAborted();
    return await abortable(body(either), either);
  } catch (error) {
    // what a body says of being stopped tells less than why it was stopped
    throw either.aborted ? either.reason : error;
  } finally {
    clearTimeout(timer);
  }
}
