import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPage, readSources } from './pages.ts';

/** What the kernel says is in no source. */
const KERNEL = /^(connect: |E[A-Z]+$|setns$)/;

test('troubleshooting.md quotes what the programs say, up to the first …', async () => {
  const source = await readSources('src', 'launcher', 'tools/hypercoil');
  const symptoms = [...(await readPage('troubleshooting')).matchAll(/^\| ([^|]*`[^|]*) \|/gm)].map(([, cell]) => cell!);
  const quotes = symptoms.flatMap((cell) => [...cell.matchAll(/`(.*?)`/g)].map(([, quote]) => quote!));
  const own = quotes.filter((quote) => !KERNEL.test(quote)).map((quote) => quote.split('…')[0]!.trimEnd());
  assert.ok(own.length > 15);
  assert.deepEqual(
    own.filter((quote) => !source.includes(quote)),
    [],
  );
});
