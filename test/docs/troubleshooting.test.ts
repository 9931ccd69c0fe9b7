import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPage, readSources } from './pages.ts';

/** What the kernel says is in no source. */
const KERNEL = /^(connect: |E[A-Z]+$|setns$)/;
/** What v1's plugin says. */
const V1 = /^coild returns/;
/** Where a quote goes on with something of the reader's own. */
const VALUE = /…|unix:\/\/|http:\/\/|127\.|\/var\/run|\/run/;

const source = await readSources('src', 'launcher', 'tools/hypercoil');

for (const name of ['troubleshooting', 'upgrade']) {
  test(`${name}.md quotes what the programs say, up to the first …`, async () => {
    const own = (await symptoms(name)).filter((quote) => !KERNEL.test(quote) && !V1.test(quote));
    assert.ok(own.length > 5);
    assert.deepEqual(
      own.filter((quote) => !source.includes(quote)),
      [],
    );
  });
}

/** What stands as code in the first column of a page's tables, each up to its first `…`, or the value that it names. */
async function symptoms(name: string): Promise<string[]> {
  const cells = [...(await readPage(name)).matchAll(/^\| ([^|]*`[^|]*) \|/gm)].map(([, cell]) => cell!);
  const quotes = cells.flatMap((cell) => [...cell.matchAll(/`(.*?)`/g)].map(([, quote]) => quote!));
  return quotes.map((quote) => quote.split(VALUE)[0]!.trimEnd());
}
