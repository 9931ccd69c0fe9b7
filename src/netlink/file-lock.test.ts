import assert from 'node:assert/strict';
import { chmod, mkdtempDisposable, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { tryLockFile } from './file-lock.ts';

test('one has the lock of a file, until it gives it back; it is a file that nobody else can open', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'lock-'));
  const path = join(folder.path, 'node1.lock');
  const first = tryLockFile(path);
  assert.ok(first);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal(tryLockFile(path), undefined);
  first[Symbol.dispose]();
  using second = tryLockFile(path);
  assert.ok(second);
});

test('a file that others can open, and thereby lock, is refused, and so is a link', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'lock-'));
  const path = join(folder.path, 'node1.lock');
  tryLockFile(path)?.[Symbol.dispose]();
  await symlink(path, `${path}.link`);
  assert.throws(() => tryLockFile(`${path}.link`), { code: 'ELOOP' });
  await chmod(path, 0o644);
  assert.throws(() => tryLockFile(path), /others than this user may open .*node1\.lock/);
});
