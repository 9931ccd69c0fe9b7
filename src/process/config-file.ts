import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { errorText } from './error-text.ts';
import type { Flags } from './flag.ts';
import { nearest } from './nearest.ts';
import { ENDINGS, parseDocument } from './parse-document.ts';
import { UsageError } from './usage-error.ts';

/** Where a program finds its configuration file. */
export interface ConfigSpec {
  /** Name of the flag that gives its path. */
  readonly flag: string;
  /** Its name in the home folder, without the ending: `.coilctl`. */
  readonly name: string;
}

/** A configuration file that was read. */
export interface ConfigFile {
  readonly path: string;
  /** The values of its members, as they would be written on the command line. */
  readonly values: ReadonlyMap<string, string>;
  /** Whether others than its owner may read it. */
  readonly exposed: boolean;
}

/** Read permission of the group and of others. */
const READABLE_BY_OTHERS = 0o044;

/** The file in the home folder, of whichever format; undefined where there is none. */
export function findConfigFile({ name }: ConfigSpec, home: string | undefined): string | undefined {
  if (!home) return undefined;
  return ENDINGS.map((ending) => join(home, `${name}${ending}`)).find((path) => existsSync(path));
}

/** Reads a configuration file whose members are those of `flags`. @throws {UsageError} naming file and member */
export async function readConfigFile(path: string, flags: Flags): Promise<ConfigFile> {
  const ending = extname(path);
  if (!ENDINGS.includes(ending)) {
    throw new UsageError(`${path} is no configuration file: its name has to end in ${ENDINGS.join(', ')}`);
  }
  let exposed: boolean;
  let document: unknown;
  try {
    const text = readFileSync(path, 'utf8');
    exposed = (statSync(path).mode & READABLE_BY_OTHERS) !== 0;
    document = (await parseDocument(ending, text)) ?? {};
  } catch (error) {
    throw new UsageError(`the configuration file ${path} cannot be read: ${errorText(error)}`, { cause: error });
  }
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw new UsageError(`the configuration file ${path} has no members, such as endpoints`);
  }
  return { path, exposed, values: readMembers(document as object, { path, flags }) };
}

function readMembers(document: object, { path, flags }: { path: string; flags: Flags }): Map<string, string> {
  const known = new Map(Object.values(flags).flatMap((flag) => (flag.member ? [[flag.member, flag]] : [])));
  const inline = new Map([...known].flatMap(([member, flag]) => (flag.inline ? [[flag.inline, member]] : [])));
  const values = new Map<string, string>();
  for (const [written, value] of Object.entries(document)) {
    // as v1: in any case
    const name = written.toLowerCase();
    const member = inline.get(name) ?? name;
    const flag = known.get(member);
    if (flag === undefined) throw unknownMember(written, path, [...known.keys()]);
    const text = flag.takes === 'list' && Array.isArray(value) ? joinTexts(value) : textOf(value);
    // a member without a value, as YAML may have it, is none
    if (text === null || text === '') continue;
    if (text === undefined) {
      throw new UsageError(`${written} in ${path} takes ${flag.takes === 'list' ? LIST : TEXT}, not ${kindOf(value)}`);
    }
    if (inline.has(name) && !text.includes(PEM))
      throw new UsageError(`${written} in ${path} takes PEM, and ${member} the name of a file with it`);
    if (values.has(member)) throw new UsageError(`${written} in ${path} says again what another member says`);
    values.set(member, text);
  }
  return values;
}

const PEM = '-----BEGIN ';

const TEXT = 'a text';
const LIST = 'a list of texts, or one text with commas';

function joinTexts(list: readonly unknown[]): string | undefined {
  const texts = list.map(textOf);
  return texts.every((item) => typeof item === 'string') && texts.length > 0 ? texts.join(',') : undefined;
}

/** Numbers and truth values are texts, as v1 took them: a password may be 1234. Undefined for anything else. */
function textOf(value: unknown): string | null | undefined {
  if (value === null || typeof value === 'string') return value;
  return ['number', 'bigint', 'boolean'].includes(typeof value) ? String(value) : undefined;
}

/** Not the value itself: it may be a password. */
function kindOf(value: unknown): string {
  if (!Array.isArray(value)) return value instanceof Date ? 'a time' : `a value of type ${typeof value}`;
  return value.length === 0 ? 'an empty list' : 'a list of other things';
}

function unknownMember(member: string, path: string, known: readonly string[]): UsageError {
  const meant = nearest(member, known);
  const hint = meant ? `did you mean ${meant}?` : `it may have ${known.join(', ')}`;
  return new UsageError(`${path} has a member ${JSON.stringify(member)} that means nothing: ${hint}`);
}
