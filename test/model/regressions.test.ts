import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DATASTORES } from './datastores.ts';
import { runScript, type ScriptOptions } from './run-script.ts';
import { parseScript } from './script.ts';

const FOLDER = join(import.meta.dirname, 'regressions');

/** Scripts that broke a promise once. The first line has the options, `search` printed both. */
for (const name of readdirSync(FOLDER)) {
  test(`${name.replace(/\.txt$/, '').replaceAll('-', ' ')}`, { timeout: 60_000 }, async () => {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    const options = JSON.parse(text.split('\n', 1)[0]!) as ScriptOptions;
    await using datastore = await DATASTORES.sqlite();
    const failure = await runScript(datastore.open, options, parseScript(text.slice(text.indexOf('\n'))));
    assert.deepEqual(failure && { message: failure.error.message, log: failure.log }, undefined);
  });
}
