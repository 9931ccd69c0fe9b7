import { MAX_TIMER_MS } from './backoff.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { UsageError } from './usage-error.ts';

/** What every flag says of itself. */
export interface FlagInfo {
  /** For the help text; one sentence without a full stop. */
  readonly describe: string;
  /** Headline of the help text under which the flag stands. */
  readonly group?: string;
  /** One letter that stands for the name: `-o` for `--output`. */
  readonly short?: string;
  /** Environment variable that gives the value where the flag is not given. */
  readonly env?: string;
  /** Member of the configuration file that gives the value where neither flag nor environment does. */
  readonly member?: string;
  /** Member that gives, in PEM, what is in the file that `member` names. */
  readonly inline?: string;
  /** A file's name, which shells complete; or a comma-separated list, which the configuration file may have as one. */
  readonly takes?: 'file' | 'list';
}

/** A flag whose value is a T. A switch is given without a value. */
export interface Flag<T> extends FlagInfo {
  readonly kind: 'value' | 'switch';
  /** As the administrator would write it. */
  readonly default?: string;
  /** The words that it takes, where these are all. */
  readonly choices?: readonly string[];
  /**
   * Reads the value; `text` is undefined where there is none, and no default. `name` is `--http`, or the environment
   * variable that the value came from. @throws {UsageError} naming it
   */
  readonly read: (text: string | undefined, name: string) => T;
}

/** Flags by their names without the dashes. */
export type Flags = Readonly<Record<string, Flag<unknown>>>;

/** What `flags` read as. */
export type FlagValues<F extends Flags> = { readonly [Name in keyof F]: ReturnType<F[Name]['read']> };

/** A text with a default. */
export function textFlag(info: FlagInfo & { readonly default: string }): Flag<string> {
  return { kind: 'value', ...info, read: (text) => text ?? info.default };
}

/** A text that may be absent; an empty one is, as v1 took it. */
export function optionalTextFlag(info: FlagInfo): Flag<string | undefined> {
  return { kind: 'value', ...info, read: (text) => text || undefined };
}

/** A text that has to be given. */
export function requiredTextFlag(info: FlagInfo): Flag<string> {
  const read = (text: string | undefined, name: string) => {
    if (text) return text;
    throw new UsageError(`${name} is required${info.env === undefined ? '' : ` (or ${info.env} in the environment)`}`);
  };
  return { kind: 'value', ...info, read };
}

interface DurationInfo extends FlagInfo {
  readonly default: string;
  readonly minMs?: number;
  /** Longer than a timer can wait only where no plain timer is set to it. */
  readonly maxMs?: number;
}

/** A duration as Go writes it; gives milliseconds, from `minMs` (0) to `maxMs` (what a timer can wait for). */
export function durationFlag(info: DurationInfo): Flag<number> {
  const { minMs = 0, maxMs = MAX_TIMER_MS } = info;
  const read = (text = info.default, name: string) => {
    const ms = parseDuration(text);
    if (ms === undefined) {
      throw new UsageError(
        `${name} takes a duration such as 500ms, 2s, 10m or 1h30m (a number and its unit), not ${JSON.stringify(text)}`,
      );
    }
    if (ms >= minMs && ms <= maxMs) return ms;
    throw new UsageError(
      `${name} takes a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}, not ${text}`,
    );
  };
  return { kind: 'value', ...info, read };
}

/** A whole number, in decimal digits, from `min` to `max`. */
export function integerFlag(
  info: FlagInfo & { readonly default: string; readonly min: number; readonly max: number },
): Flag<number> {
  const { min, max } = info;
  const read = (text = info.default, name: string) => {
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new UsageError(`${name} takes a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`);
  };
  return { kind: 'value', ...info, read };
}

interface ChoiceInfo<T extends string> extends FlagInfo {
  readonly choices: readonly T[];
  /** Other words for them, which the help text leaves out. */
  readonly aliases?: Readonly<Record<string, NoInfer<T>>>;
}

/** One of some words. */
export function choiceFlag<T extends string>(info: ChoiceInfo<T> & { readonly default: NoInfer<T> }): Flag<T> {
  const { read, ...flag } = optionalChoiceFlag(info);
  return { ...flag, default: info.default, read: (text, name) => read(text, name) ?? info.default };
}

/** One of some words, or none. */
export function optionalChoiceFlag<T extends string>({ aliases, ...info }: ChoiceInfo<T>): Flag<T | undefined> {
  const { choices } = info;
  const words = new Map([...choices.map((choice) => [choice, choice] as const), ...Object.entries<T>(aliases ?? {})]);
  const read = (text: string | undefined, name: string) => {
    // an empty one is none, as v1 took it
    if (!text || words.has(text)) return words.get(text ?? '');
    throw new UsageError(`${name} takes one of ${choices.join(', ')}, not ${JSON.stringify(text)}`);
  };
  return { kind: 'value', ...info, describe: `${info.describe}: ${choices.join(', ')}`, read };
}

/** Given or not. */
export function switchFlag(info: FlagInfo): Flag<boolean> {
  return { kind: 'switch', ...info, read: (text) => text === 'true' };
}
