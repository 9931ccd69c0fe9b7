import assert from 'node:assert/strict';
import { test } from 'node:test';
import { main } from '../../src/programs/coil-controller.ts';
import { runMain } from '../run-main.ts';
import { readPage, readSource, readSources } from './pages.ts';
import { flagsOfHelp, flagsOfPage, linesOfPage, linesOfSource } from './program-page.ts';

/** Those of every program: coild.md has them, and this page says so. */
const SHARED = /^(etcd-.*|store|log.*|help|version)$/;
/** Those that src/controller/node-release.ts chooses from. */
const CHOSEN = [
  ['cannot ask Kubernetes whether a node is gone; its grace begins anew', 'warning'],
  ['cannot release the blocks of a node that is gone; trying again', 'error'],
] as const;

const page = await readPage('coil-controller');

test("coil-controller.md has every flag of 'coil-controller --help' with its default, and no other", async () => {
  const { stdout } = await runMain(main, ['--help']);
  const flags = flagsOfHelp(stdout);
  assert.deepEqual(
    flagsOfPage(page),
    flags.filter(([name]) => !SHARED.test(name)),
  );
  const coild = flagsOfPage(await readPage('coild'));
  assert.deepEqual(
    flags.filter(([name]) => SHARED.test(name)),
    coild.filter(([name]) => SHARED.test(name)),
  );
});

test('it has every line that coil-controller logs but for debugging, with its level, and no other', async () => {
  const source =
    (await readSources('src/controller', 'src/kube')) +
    (await readSource('src/process/report-unreadable.ts')) +
    (await readSource('src/programs/coil-controller.ts')) +
    (await readSource('src/programs/open-store-patiently.ts'));
  for (const [line] of CHOSEN) assert.ok(source.includes(line), line);
  assert.deepEqual(linesOfPage(page), [...linesOfSource(source), ...CHOSEN].sort());
});
