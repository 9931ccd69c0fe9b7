import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DATASTORES } from './datastores.ts';
import { runScript, type ScriptOptions } from './run-script.ts';
import { parseScript } from './script.ts';

const FOLDER = join(import.meta.dirname, 'regressions');

interface Options extends ScriptOptions {
  /** SQLite by default. */
  readonly datastore?: keyof typeof DATASTORES;
}

/** Scripts that broke a promise once, or do without what keeps it. The first line has the options, as `search` printed both. */
for (const file of readdirSync(FOLDER)) {
  test(`${file.replace(/\.txt$/, '').replaceAll('-', ' ')}`, { timeout: 60_000 }, async () => {
    const text = readFileSync(join(FOLDER, file), 'utf8');
    const { datastore: name = 'sqlite', ...options } = JSON.parse(text.split('\n', 1)[0]!) as Options;
    await using datastore = await DATASTORES[name]();
    const failure = await runScript(datastore.open, options, parseScript(text.slice(text.indexOf('\n'))));
    assert.deepEqual(failure && { message: failure.error.message, log: failure.log }, undefined);
  });
}
