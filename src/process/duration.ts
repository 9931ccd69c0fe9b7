/** Units of Go's time.ParseDuration, in milliseconds. Both letters that look like a micro sign are in use. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;
const NS_PER_MS = 1e6;

/** The longest duration of Go, 292 years, in milliseconds. */
export const LONGEST_DURATION_MS = 2 ** 63 / NS_PER_MS;

/**
 * Reads a duration as Go writes and reads it (time.ParseDuration): `10m`, `1h30m`, `500ms`, `1.5h`, `0`. Gives
 * milliseconds, exact to the nanosecond; undefined for anything else, and for what is negative.
 */
export function parseDuration(text: string): number | undefined {
  if (/^\+?0$/.test(text)) return 0;
  let at = text.startsWith('+') ? 1 : 0;
  if (at === text.length) return undefined;
  let ns = 0;
  while (at < text.length) {
    PART.lastIndex = at;
    const part = PART.exec(text);
    if (!part) return undefined;
    ns += Math.round(Number(part[1]) * UNITS[part[2]!]! * NS_PER_MS);
    at = PART.lastIndex;
  }
  return ns / NS_PER_MS;
}

/** Prints milliseconds as Go's Duration.String does: `10m0s`, `1h30m0s`, `1.5s`, `500ms`, `0s`. */
export function formatDuration(ms: number): string {
  const ns = Math.round(ms * NS_PER_MS);
  if (ns === 0) return '0s';
  if (ns < 1e3) return `${ns}ns`;
  if (ns < 1e6) return `${decimal(ns, 3)}µs`;
  if (ns < 1e9) return `${decimal(ns, 6)}ms`;
  const minutes = Math.floor(ns / 60e9);
  const seconds = `${decimal(ns - minutes * 60e9, 9)}s`;
  if (minutes === 0) return seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes}m${seconds}` : `${hours}h${minutes % 60}m${seconds}`;
}

/** `value` / 10^`digits`, exactly, without trailing zeros. */
function decimal(value: number, digits: number): string {
  const text = String(value).padStart(digits + 1, '0');
  const fraction = text.slice(-digits).replace(/0+$/, '');
  return text.slice(0, -digits) + (fraction && `.${fraction}`);
}
