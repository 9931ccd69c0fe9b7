import { hostname } from 'node:os';
import { pino } from 'pino';
import { errorText } from './error-text.ts';
import { formatLogLine, type LogFormat, type LogLevel } from './log-format.ts';
import type { LogFields, Logger } from './logger.ts';

const SEVERITIES = { critical: 60, error: 50, warning: 40, info: 30, debug: 20 } as const satisfies Record<
  LogLevel,
  number
>;

export interface LoggerOptions {
  /** Lines below this level are left out. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Name of the program; stands in every line. */
  readonly program: string;
}

/** Where lines go: a Writable is one. */
export interface LogSink {
  write(line: string): unknown;
}

/** A logger that formats in this process, and writes each line to `sink` before it returns. */
export function createLogger({ level, format, program }: LoggerOptions, sink: LogSink): Logger {
  const layout = formatLogLine[format];
  const root = pino(
    {
      level,
      customLevels: SEVERITIES,
      useOnlyCustomLevels: true,
      base: { topic: program, utsname: hostname() },
      messageKey: 'message',
      timestamp: () => `,"logged_at":"${timestamp(Date.now())}"`,
      formatters: { level: (severity) => ({ severity }) },
      serializers: { error: errorText },
    },
    { write: (line: string) => sink.write(layout(line)) },
  );
  return wrap(root);
}

function wrap(log: pino.Logger<LogLevel, boolean>): Logger {
  return {
    debug: (message, fields) => log.debug(fields ?? {}, message),
    info: (message, fields) => log.info(fields ?? {}, message),
    warn: (message, fields) => log.warning(fields ?? {}, message),
    error: (message, fields) => log.error(fields ?? {}, message),
    child: (fields: LogFields) => wrap(log.child(fields)),
  };
}

/** RFC 3339 with six digits of fraction, the width that v1's lines have. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
