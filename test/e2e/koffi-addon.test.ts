import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadAddon } from '../../tools/hypercoil/koffi-addon.ts';
import { koffiAddon } from '../../tools/hypercoil/koffi-plugin.ts';

test('the addon is loaded from the first folder that lets it, and leaves nothing there', (t) => {
  const folder = temporaryFolder(t);
  const koffi = loadAddon(readFileSync(koffiAddon()), [join(folder, 'absent'), folder]);
  assert.equal(typeof (koffi as { load: unknown }).load, 'function');
  assert.deepEqual(readdirSync(folder), []);
});

test('where no folder lets it, the error names each with its reason, and nothing is left', (t) => {
  const folder = temporaryFolder(t);
  const absent = join(folder, 'absent');
  assert.throws(
    () => loadAddon(Buffer.from('not an ELF file'), [absent, folder]),
    (error: Error) => {
      assert.ok(error instanceof AggregateError);
      assert.equal(error.errors.length, 2);
      assert.match(error.message, new RegExp(`tried ${absent} \\(ENOENT[^)]*\\); ${folder} \\([^)]+\\)\\.`));
      return true;
    },
  );
  assert.deepEqual(readdirSync(folder), []);
});

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ct-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
