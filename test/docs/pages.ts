import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** The text of docs/NAME.md. */
export function readPage(name: string): Promise<string> {
  return readFile(join(ROOT, 'docs', `${name}.md`), 'utf8');
}

/** A file of source, by its path in the project. */
export function readSource(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8');
}

/** All source below some folders as one text, tests apart. */
export async function readSources(...folders: readonly string[]): Promise<string> {
  const listed = folders.map(async (folder) => {
    const names = await readdir(join(ROOT, folder), { recursive: true });
    return names.map((name) => join(ROOT, folder, name));
  });
  const files = (await Promise.all(listed)).flat().filter((name) => /(?<!\.test)\.(ts|c|h)$/.test(name));
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
}
