import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GUARDS } from './guards.ts';
import { ROOT } from './source-copy.ts';

const PAGE = 'docs/reliability.md';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

test('each guard is where the removal looks for it, once', () => {
  for (const { name, file, from, to } of GUARDS) {
    assert.equal(read(file).split(from).length - 1, 1, `${name}: in ${file}`);
    assert.notEqual(from, to, name);
  }
});

test('the tests that see the removal of a guard are there', () => {
  for (const { name, tests } of GUARDS)
    for (const file of tests) assert.ok(existsSync(join(ROOT, file)), `${name}: ${file}`);
});

test('the page of promises has each guard, and its tests', () => {
  const page = read(PAGE);
  const rows = new Map([...page.matchAll(/^\| \*\*(.*?)\*\* \|(.*)$/gm)].map(([, name, rest]) => [name!, rest!]));
  assert.deepEqual([...rows.keys()].toSorted(), GUARDS.map(({ name }) => name).toSorted());
  for (const { name, file, tests } of GUARDS)
    for (const path of [file, tests[0]!]) assert.ok(rows.get(name)!.includes(path), `${name}: ${path}`);
});
