/** Reads a text in one of the formats of configuration files; throws whatever its parser throws. */
type Parser = (text: string) => unknown;

const parseYaml = async (): Promise<Parser> => (await import('yaml')).parse;

/** By the ending of the file's name, in the order in which they are looked for. Parsers are loaded when one is needed. */
const PARSERS: Readonly<Record<string, () => Promise<Parser>>> = {
  '.yml': parseYaml,
  '.yaml': parseYaml,
  '.json': async () => JSON.parse,
  '.toml': async () => (await import('smol-toml')).parse,
};

/** Endings of configuration files. */
export const ENDINGS: readonly string[] = Object.keys(PARSERS);

/** The value that a document holds; an empty one of YAML is null. `ending` is one of ENDINGS. */
export async function parseDocument(ending: string, text: string): Promise<unknown> {
  const parse = await PARSERS[ending]!();
  return parse(text);
}
