import { closeSync, openSync, writeSync } from 'node:fs';
import { createLogger, type LogSink } from './create-logger.ts';
import { errorText } from './error-text.ts';
import type { LogOptions } from './log-flags.ts';
import type { Logger } from './logger.ts';
import { UsageError } from './usage-error.ts';

/** A program's logger, as the log flags want it. Disposing of it closes the file; every line is written by then. */
export function openLogger(program: string, options: LogOptions, stderr: LogSink): Logger & Disposable {
  const sink = options.logfile === undefined ? undefined : openFile(options.logfile, stderr);
  const logger = createLogger({ program, level: options.loglevel, format: options.logformat }, sink ?? stderr);
  return { ...logger, [Symbol.dispose]: () => sink?.[Symbol.dispose]() };
}

function openFile(path: string, stderr: LogSink): LogSink & Disposable {
  let file: number;
  try {
    file = openSync(path, 'a', 0o640);
  } catch (error) {
    throw new UsageError(`--logfile cannot be opened: ${errorText(error)}`, { cause: error });
  }
  return {
    write(line) {
      try {
        writeSync(file, line);
      } catch {
        stderr.write(line); // a full disk is no reason to stop, nor to stay silent
      }
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}
