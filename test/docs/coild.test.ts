import assert from 'node:assert/strict';
import { test } from 'node:test';
import { main } from '../../src/programs/coild.ts';
import { runMain } from '../run-main.ts';
import { readPage, readSource, readSources } from './pages.ts';
import { flagsOfHelp, flagsOfPage, linesOfPage, linesOfSource } from './program-page.ts';

const page = await readPage('coild');

test("coild.md has every flag of 'coild --help' with its default, and no other", async () => {
  const { stdout } = await runMain(main, ['--help']);
  assert.deepEqual(flagsOfPage(page), flagsOfHelp(stdout));
});

test('coild.md has every line that coild logs but for debugging, with its level, and no other', async () => {
  const source =
    (await readSources('src/coild', 'src/ipam', 'src/cni', 'src/podnet', 'src/cri', 'src/store/offline')) +
    (await readSource('src/process/report-unreadable.ts')) +
    (await readSource('src/programs/coild.ts')) +
    (await readSource('src/programs/certain-end.ts')) +
    (await readSource('src/programs/open-store-patiently.ts')) +
    (await readSource('src/programs/open-node-store.ts')) +
    (await readSource('src/programs/open-store-soon.ts'));
  assert.deepEqual(linesOfPage(page), linesOfSource(source));
});
