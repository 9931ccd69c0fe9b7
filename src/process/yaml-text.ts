/** A value of JSON as a YAML document; right in YAML 1.1 too, where a bare time or a `no` would not be a text. */
export async function yamlText(value: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}
