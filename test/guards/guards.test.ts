import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { GUARDS } from './guards.ts';
import { ROOT } from './source-copy.ts';

const PAGE = 'docs/reliability.md';
const SHORTEST_NAME = 12;

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
  const rows = guardRows();
  assert.deepEqual([...rows.keys()].toSorted(), GUARDS.map(({ name }) => name).toSorted());
  for (const { name, file, tests } of GUARDS)
    for (const path of [file, tests[0]!]) assert.ok(rows.get(name)!.includes(path), `${name}: ${path}`);
});

test('the tests that the page names in quotes are there by that name', () => {
  const scripts = globSync('test/model/regressions/*.txt', { cwd: ROOT }).map((path) => basename(path, '.txt'));
  const titles = ['test/**/*.ts', 'src/**/*.test.ts']
    .flatMap((pattern) => globSync(pattern, { cwd: ROOT }))
    .flatMap(titlesOf);
  const isThere = (name: string) =>
    titles.some((title) => title.test(name)) || scripts.includes(name.replaceAll(' ', '-'));
  const missing = [...guardRows().values()]
    .flatMap((rest) => [...rest.matchAll(/"([^"]+)"/g)].map(([, name]) => name!))
    .filter((name) => !isThere(name));
  assert.deepEqual(missing, []);
});

/** What stands in the table of guards, by their names. A row that is not below its head is text. */
function guardRows(): ReadonlyMap<string, string> {
  const [, table = ''] = /^\| guard \|.*\n\|[-|]+\n((?:\|.*\n)+)/m.exec(read(PAGE)) ?? [];
  return new Map([...table.matchAll(/^\| \*\*(.*?)\*\* \|(.*)$/gm)].map(([, name, rest]) => [name!, rest!]));
}

/** Every text of a file that may be a test's name; what is put into it can be anything, and is not all of it. */
function titlesOf(file: string): readonly RegExp[] {
  const texts = read(file).matchAll(/'((?:[^'\\\n]|\\.)+)'|"([^"\n]+)"|`([^`\n]+)`/g);
  return [...texts].flatMap(([, single, double, template]) => {
    const parts = template?.split(/\$\{[^}]*\}/) ?? [single?.replaceAll("\\'", "'") ?? double!];
    if (parts.join('').length < SHORTEST_NAME) return [];
    return new RegExp(`^${parts.map((part) => RegExp.escape(part)).join('.*')}$`);
  });
}
