/** v1's names of the levels, the most urgent first. */
export const LOG_LEVELS = ['critical', 'error', 'warning', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Layouts of a log line, as v1 wrote them. */
export const LOG_FORMATS = ['plain', 'logfmt', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** One line of the log in the JSON format, read; other members are the event's fields. */
interface LogLine extends Record<string, unknown> {
  readonly topic: string;
  readonly logged_at: string;
  readonly severity: string;
  readonly utsname: string;
  readonly message: string;
}

/** Writes a line of the JSON format anew in another one; `json` as it is. Takes and gives the line's end. */
export const formatLogLine: Readonly<Record<LogFormat, (json: string) => string>> = {
  json: (json) => json,
  // 2026-11-22T12:39:00.233333Z HOST coilctl error: "not found" pool="x"
  plain: (json) => {
    const { topic, logged_at, severity, utsname, message, ...fields } = JSON.parse(json) as LogLine;
    return `${logged_at} ${utsname} ${topic} ${severity}: ${JSON.stringify(message)}${pairs(fields)}\n`;
  },
  // https://brandur.org/logfmt
  logfmt: (json) => {
    const { topic, logged_at, severity, utsname, message, ...fields } = JSON.parse(json) as LogLine;
    return `topic=${topic} logged_at=${logged_at} severity=${severity} utsname=${utsname} message=${JSON.stringify(message)}${pairs(fields)}\n`;
  },
};

/** ` key=value` each, in the order of the keys. */
function pairs(fields: Readonly<Record<string, unknown>>): string {
  return Object.keys(fields)
    .sort()
    .map((key) => ` ${key}=${value(fields[key])}`)
    .join('');
}

/** Texts quoted, lists as `["a" "b"]`, objects as `{key="a"}`: as v1's logfmt has them. */
function value(json: unknown): string {
  if (Array.isArray(json)) return `[${json.map(value).join(' ')}]`;
  if (typeof json === 'object' && json !== null) {
    return `{${Object.entries(json)
      .map(([key, member]) => `${key}=${value(member)}`)
      .join(' ')}}`;
  }
  return JSON.stringify(json);
}
