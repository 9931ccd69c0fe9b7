import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { SqliteIpamStore } from '../../src/store/sqlite/sqlite-ipam-store.ts';
import { built } from '../e2e/built.ts';
import { createPool } from '../e2e/datastores.ts';
import { testExamples } from './console-examples.ts';
import { exampleShell } from './example-shell.ts';

const PAGE = new URL('../../docs/operations.md', import.meta.url);

test('BIRD takes the configuration of operations.md', { skip: missing('bird', '--version') }, async () => {
  const [, config] = /^```bird\n(.*?)^```$/ms.exec(await readFile(PAGE, 'utf8')) ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'ct-'));
  try {
    const path = join(folder, 'bird.conf');
    await writeFile(path, config!);
    await promisify(execFile)('bird', ['-p', '-c', path], { timeout: 10_000 });
    await writeFile(path, config!.replace('learn;', 'lern;'));
    await assert.rejects(promisify(execFile)('bird', ['-p', '-c', path], { timeout: 10_000 }));
  } finally {
    await rm(folder, { recursive: true });
  }
});

const withoutSqlite = missing('sqlite3', '--version');
if (withoutSqlite) test('the examples of operations.md', { skip: withoutSqlite }, () => {});
else {
  testExamples(PAGE, async () =>
    exampleShell(await built(), async (folder) => {
      const signal = AbortSignal.timeout(10_000);
      await using store = await SqliteIpamStore.open({ path: join(folder, 'coil.db') }, signal);
      await createPool(store, 'default', '10.11.0.0/16', 5);
    }),
  );
}

function missing(program: string, flag: string): string | false {
  return spawnSync(program, [flag], { stdio: 'ignore' }).status === 0 ? false : `needs ${program}`;
}
