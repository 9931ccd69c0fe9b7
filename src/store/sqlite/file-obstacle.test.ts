import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { obstacleTo } from './file-obstacle.ts';

const NOBODY = 65534;
const asRoot = { skip: process.getuid?.() !== 0 && 'not root' };

const base = mkdtempSync(join(tmpdir(), 'coil-test-'));
const folder = join(base, 'folder');
const path = join(folder, 'coil.db');
after(() => rmSync(base, { recursive: true }));
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  chmodSync(base, 0o755);
  mkdirSync(folder);
  chownSync(folder, process.getuid!(), process.getgid!());
});

/** A file that is of root, or of nobody. */
function make(file: string, mode: number, owner = 0): void {
  writeFileSync(file, '');
  chmodSync(file, mode);
  chownSync(file, owner, owner);
}

/** What a process of nobody is told. Modules are read by root; the checks of access(2) go by the real user. */
function toldToNobody(): string {
  const module = new URL('file-obstacle.ts', import.meta.url).href;
  const script = `
    const { obstacleTo } = await import(${JSON.stringify(module)});
    process.setgroups([]);
    process.setgid(${NOBODY});
    process.setuid(${NOBODY});
    console.log(obstacleTo(${JSON.stringify(path)}) ?? 'nothing');
  `;
  return execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }).trim();
}

const USER = `this process is ${NOBODY}:${NOBODY}`;

test('the file itself', asRoot, () => {
  make(path, 0o640);
  assert.equal(toldToNobody(), `no permission to read and write ${path} (mode 0640, owner 0:0; ${USER})`);
});

test('a file that may be read only', asRoot, () => {
  make(path, 0o644);
  assert.match(toldToNobody(), /^no permission to read and write .*coil\.db \(mode 0644/);
});

test('its log', asRoot, () => {
  make(path, 0o600, NOBODY);
  make(`${path}-wal`, 0o600);
  assert.match(toldToNobody(), /^no permission to read and write .*coil\.db-wal \(mode 0600, owner 0:0/);
});

test('the folder, which is not to be written', asRoot, () => {
  make(path, 0o600, NOBODY);
  assert.equal(
    toldToNobody(),
    `no permission to write the folder ${folder}, where its log is to be (mode 0755, owner 0:0; ${USER})`,
  );
});

test('the folder, which is not to be searched', asRoot, () => {
  make(path, 0o666);
  chmodSync(folder, 0o700);
  assert.equal(toldToNobody(), `no permission to search the folder ${folder} (mode 0700, owner 0:0; ${USER})`);
  chmodSync(base, 0o700);
  assert.equal(toldToNobody(), `no permission to search the folder ${folder} (${USER})`);
});

test('nothing, where all is as it has to be', asRoot, () => {
  chownSync(folder, NOBODY, NOBODY);
  make(path, 0o600, NOBODY);
  assert.equal(toldToNobody(), 'nothing');
});

test('a folder in the place of the file', () => {
  mkdirSync(path);
  assert.equal(obstacleTo(path), `${path} is a folder`);
});

test('a file that is not there is none', () => {
  assert.equal(obstacleTo(path), undefined);
  assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
});
