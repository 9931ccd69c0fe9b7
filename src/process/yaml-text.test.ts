import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { yamlText } from './yaml-text.ts';

const VALUE = {
  texts: ['no', '2026-11-22', '2026-11-22T12:38:59Z', '1:20', '2001:db8::/112', '', '012', '1e3', 'x'.repeat(200)],
  empty: [],
  none: {},
};

test('texts stay texts, whichever version of YAML a reader knows', async () => {
  const text = await yamlText(VALUE);
  for (const version of ['1.1', '1.2'] as const) assert.deepEqual(parse(text, { version }), VALUE);
});
