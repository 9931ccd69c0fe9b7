import { parseArgs } from 'node:util';
import type { Flags } from './flag.ts';
import { nearest } from './nearest.ts';
import type { AnyProgramSpec } from './program-spec.ts';
import { UsageError } from './usage-error.ts';

/** A command line, taken apart but not read. */
export interface ParsedLine {
  /** `help` or `version` where that was asked for: the rest counts for little then. */
  readonly request: 'run' | 'help' | 'version';
  /** What was given for each flag, the last one if it was given more than once. */
  readonly flags: ReadonlyMap<string, string>;
  /** Everything else, in order. */
  readonly words: readonly string[];
}

const BUILT_IN = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } } as const;

/**
 * Takes the arguments of a program apart: `--flag VALUE`, `--flag=VALUE`, `--switch`, words; after `--` words only.
 * @throws {UsageError} naming a flag that is unknown or lacks its value
 */
export function parseLine(spec: AnyProgramSpec, argv: readonly string[]): ParsedLine {
  const known = allFlags(spec);
  const options = Object.entries(known).map(
    ([name, { kind, short }]) =>
      [name, { type: kind === 'switch' ? 'boolean' : 'string', ...(short && { short }) }] as const,
  );
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...Object.fromEntries(options), ...BUILT_IN },
    strict: false, // its own words are not for administrators
    tokens: true,
  });
  const flags = new Map<string, string>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind === 'option') flags.set(token.name, givenValue(token, known));
  }
  const request = flags.has('help') ? 'help' : flags.has('version') ? 'version' : 'run';
  return { request, flags, words };
}

/** The flags of the program and of all its commands: which command it is, is known only when they are taken away. */
export function allFlags(spec: AnyProgramSpec): Flags {
  const ofCommands = 'commands' in spec ? spec.commands.map(({ flags }) => flags) : [];
  return Object.assign({}, spec.flags, ...ofCommands);
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function givenValue({ name, rawName, value, inlineValue }: OptionToken, known: Flags): string {
  const flag = Object.hasOwn(known, name) ? known[name] : undefined;
  if (flag === undefined && !Object.hasOwn(BUILT_IN, name)) {
    const meant = nearest(name, Object.keys(known));
    throw new UsageError(`there is no flag ${rawName}${meant ? `: did you mean --${meant}?` : ''}`);
  }
  if (flag?.kind !== 'value') {
    const given = value ?? 'true';
    if (given === 'true' || given === 'false') return given;
    throw new UsageError(`${rawName} takes no value`);
  }
  // --http --table-id 5 would listen on "--table-id"
  if (value === undefined || (!inlineValue && value.startsWith('-'))) {
    throw new UsageError(
      `${rawName} takes a value, and there is none; one that begins with - is given as ${rawName}=-…`,
    );
  }
  return value;
}
