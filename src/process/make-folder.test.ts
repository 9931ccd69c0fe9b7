import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeFolder } from './make-folder.ts';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'ct-'));
});
after(() => rm(root, { recursive: true }));

test('a folder and those above it are made for their owner, once', async () => {
  const path = join(root, 'a/b/c');
  await Promise.all([makeFolder(path), makeFolder(path)]);
  for (const each of ['a', 'a/b', 'a/b/c']) assert.equal((await stat(join(root, each))).mode & 0o777, 0o700);
  await makeFolder(path);
});

test('what is in the way is said', async () => {
  await writeFile(join(root, 'file'), '');
  await assert.rejects(makeFolder(join(root, 'file')), { code: 'EEXIST' });
  await assert.rejects(makeFolder(join(root, 'file/below')), { code: 'ENOTDIR' });
});

test('a file system that takes no folders ends it', { timeout: 5_000 }, async () => {
  await assert.rejects(makeFolder('/proc/nope/deeper'), { code: 'ENOENT', path: '/proc/nope' });
});
