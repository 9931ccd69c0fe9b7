import type { EventEmitter } from 'node:events';
import { constants } from 'node:os';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export interface SignalDeps {
  /** Emits the signals by their names, as `process` does. */
  readonly source: EventEmitter;
  /** Ends the process at once. */
  readonly exit: (status: number) => void;
}

/** A stop that can be asked for from outside. */
export interface StopRequest extends Disposable {
  /** Aborted by the first SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
}

/** Turns SIGTERM and SIGINT into an AbortSignal. A second one ends the process, with the status that shells give it. */
export function stopOnSignals({ source, exit }: SignalDeps): StopRequest {
  const controller = new AbortController();
  const stop = (name: (typeof SIGNALS)[number]) => {
    if (controller.signal.aborted) exit(128 + constants.signals[name]);
    else controller.abort(new Error(`stopped by ${name}`));
  };
  for (const name of SIGNALS) source.on(name, stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of SIGNALS) source.off(name, stop);
    },
  };
}
