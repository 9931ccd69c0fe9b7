import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SqliteFixture } from './sqlite-fixture.ts';

const WORKER = fileURLToPath(new URL('sqlite-worker.ts', import.meta.url));
const ROOT_ONLY = { skip: process.getuid?.() !== 0 && 'not root: a file system of its own cannot be mounted' };

interface Line {
  readonly code?: string;
  readonly message?: string;
  readonly acknowledged?: number;
  readonly found?: number;
  /** Or why not. */
  readonly writable?: true | string;
}

/** Runs a shell script in a mount namespace of its own, with a file system of 1 MiB at `folder`; gives what it printed. */
async function onSmallDisk(folder: string, script: string): Promise<Line[]> {
  const shell = `mount -t tmpfs -o size=1m tmpfs "$1" && ${script}`;
  const args = ['-m', '--propagation', 'private', 'sh', '-c', shell, 'sh', folder, process.execPath, WORKER];
  const { stdout } = await promisify(execFile)('unshare', args, { timeout: 60_000 });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

test('a full disk fails the change whole and names the file; with room again all goes on', ROOT_ONLY, async () => {
  using fixture = new SqliteFixture();
  const [full, after] = await onSmallDisk(fixture.folder, '"$2" "$3" fill "$1/coil.db" node1');
  assert.equal(full?.code, 'store-unavailable');
  assert.match(full.message ?? '', /coil\.db cannot be used: .*full/);
  assert.ok(full.acknowledged! > 10);
  assert.equal(full.found, full.acknowledged);
  assert.match(String(full.writable), /coil\.db cannot be used: .*full/);
  assert.equal(after?.found, full.acknowledged! + 1);
  assert.equal(after.writable, true);
});

test('a file system that is read-only is an error which names the file', ROOT_ONLY, async () => {
  using fixture = new SqliteFixture();
  const again = '"$2" "$3" read "$1/coil.db" && mount -o remount,ro "$1" && "$2" "$3" share "$1/coil.db" node1';
  const [, refused] = await onSmallDisk(fixture.folder, again);
  assert.equal(refused?.code, 'store-unavailable');
  assert.match(refused.message ?? '', /coil\.db/);
});
