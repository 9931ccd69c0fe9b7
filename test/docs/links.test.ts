import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');

test('links of the pages to files and headings of the project lead somewhere', async () => {
  const broken: string[] = [];
  for await (const page of glob(['*.md', 'docs/**/*.md', 'deploy/**/*.md'], { cwd: ROOT })) {
    for (const [, link] of withoutCode(await readFile(join(ROOT, page), 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link!)) continue;
      const [path, heading] = link!.split('#') as [string, string?];
      const target = path === '' ? join(ROOT, page) : resolve(ROOT, dirname(page), path);
      if (!existsSync(target) || (heading !== undefined && !(await headings(target)).includes(heading)))
        broken.push(`${page}: ${link}`);
    }
  }
  assert.deepEqual(broken, []);
});

/** The anchors of a page, as GitHub makes them. */
async function headings(path: string): Promise<string[]> {
  const page = withoutCode(await readFile(path, 'utf8'));
  return [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^ *```.*?^ *```$/gms, '');
}
