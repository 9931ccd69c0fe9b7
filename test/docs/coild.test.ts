import assert from 'node:assert/strict';
import { test } from 'node:test';
import { main } from '../../src/programs/coild.ts';
import { runMain } from '../run-main.ts';
import { readPage, readSource, readSources } from './pages.ts';

const page = await readPage('coild');

test("coild.md has every flag of 'coild --help' with its default, and no other", async () => {
  const { stdout } = await runMain(main, ['--help']);
  const parts = stdout.split(/^\s+(?:-\w, )?--(?=[a-z])/m).slice(1);
  const flags = parts.map((part) => [/^[a-z-]+/.exec(part)![0], /\[default: "(.*)"\]/.exec(part)?.[1] ?? '']);
  const rows = page.matchAll(/^\| `--([a-z-]+)`(?:, `-\w`)? \| (?:`(.*?)`)? ?\|/gm);
  const documented = [...rows].map(([, name, value = '']) => [name, value]);
  assert.ok(flags.length > 10);
  assert.deepEqual(documented.sort(), flags.sort());
});

test('coild.md has every line that coild logs but for debugging, with its level, and no other', async () => {
  const source =
    (await readSources('src/coild', 'src/ipam', 'src/cni', 'src/podnet', 'src/cri')) +
    (await readSource('src/programs/coild.ts')) +
    (await readSource('src/programs/open-store-patiently.ts'));
  const calls = [...source.matchAll(/logger\.(info|warn|error)\(\s*(['"])(.*?)\2/g)];
  const logged = new Map(calls.map(([, level, , message]) => [message!, level === 'warn' ? 'warning' : level!]));
  const rows = [...page.matchAll(/^\| (`[^|]+`) \| (info|warning|error) \|/gm)];
  const documented = rows.flatMap(([, lines, level]) =>
    [...lines!.matchAll(/`(.*?)`/g)].map(([, one]) => [one!, level!]),
  );
  assert.ok(logged.size > 10);
  assert.deepEqual(documented.sort(), [...logged].sort());
});
