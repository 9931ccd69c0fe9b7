import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFresh, writeStamp } from '../../tools/hypercoil/stamp.ts';

test('a build is fresh until an input changes, an input goes, or an output goes', async (t) => {
  const root = temporaryFolder(t);
  const [input, output, stamp] = ['input', 'output', 'stamp'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  const fresh = (): Promise<boolean> => isFresh(root, stamp, [output]);
  writeFileSync(input, '');
  writeFileSync(output, '');
  assert.equal(await fresh(), false, 'nothing is recorded');

  const startedAt = statSync(input).mtimeMs + 1000;
  await writeStamp(stamp, { startedAt, inputs: ['input'] });
  assert.equal(await fresh(), true);

  utimesSync(input, startedAt / 1000, startedAt / 1000 + 1);
  assert.equal(await fresh(), false, 'the input was changed while it was built, or later');

  await writeStamp(stamp, { startedAt: startedAt + 2000, inputs: ['input'] });
  assert.equal(await fresh(), true);
  rmSync(output);
  assert.equal(await fresh(), false, 'the output is gone');

  writeFileSync(output, '');
  rmSync(input);
  assert.equal(await fresh(), false, 'the input is gone');
});

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ct-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
