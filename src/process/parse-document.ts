import type { Tags } from 'yaml';

/** Reads a text in one of the formats of configuration files; throws whatever its parser throws. */
type Parser = (text: string) => unknown;

/** Numbers and words stay as they were written: `password: 0123` has four characters. */
const parseYaml = async (): Promise<Parser> => {
  const { parse } = await import('yaml');
  const customTags = (tags: Tags): Tags =>
    tags.filter((tag) => typeof tag === 'string' || !/:(int|float|bool)$/.test(tag.tag));
  return (text) => parse(text, { customTags });
};

// TypeScript does not know of the third argument yet (ECMAScript 2026)
const parseJson = (text: string): unknown =>
  JSON.parse(text, (_key, value: unknown, context?: { readonly source: string }) =>
    typeof value === 'number' && context ? context.source : value,
  );

const parseToml = async (): Promise<Parser> => {
  const { parse } = await import('smol-toml');
  return (text) => parse(text, { integersAsBigInt: true });
};

/** By the ending of the file's name, in the order in which they are looked for. Parsers are loaded when one is needed. */
const PARSERS: Readonly<Record<string, () => Promise<Parser>>> = {
  '.yml': parseYaml,
  '.yaml': parseYaml,
  '.json': async () => parseJson,
  '.toml': parseToml,
};

/** Endings of configuration files. */
export const ENDINGS: readonly string[] = Object.keys(PARSERS);

/** The value that a document holds; an empty one of YAML is null. `ending` is one of ENDINGS. */
export async function parseDocument(ending: string, text: string): Promise<unknown> {
  const parse = await PARSERS[ending]!();
  return parse(text);
}
