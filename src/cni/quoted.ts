const MAX_CHARACTERS = 256;
const MAX_ITEMS = 4;

/** What a caller gave, as a message shows it: JSON, but short, however long or deeply nested the value is. */
export function quoted(value: unknown): string {
  if (!Array.isArray(value)) return quotedItem(value);
  const items = value.slice(0, MAX_ITEMS).map(quotedItem);
  return `[${[...items, ...(value.length > MAX_ITEMS ? ['…'] : [])].join(',')}]`;
}

function quotedItem(value: unknown): string {
  if (Array.isArray(value)) return '[…]';
  if (typeof value === 'object' && value !== null) return '{…}';
  if (typeof value !== 'string' || value.length <= MAX_CHARACTERS) return JSON.stringify(value) ?? 'nothing';
  return `${JSON.stringify(value.slice(0, MAX_CHARACTERS))}…`;
}
