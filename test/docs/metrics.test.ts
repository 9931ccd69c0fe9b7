import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { ALERTS, documented, PAGE, promtool, promtoolMissing } from './metrics-page.ts';

const names = new Set(documented('coild', 'coil-controller', 'Both').map((line) => line.split(' ')[0]!));

test('the alert rules are some that Prometheus takes', { skip: promtoolMissing() }, () => {
  promtool(['check', 'rules', fileURLToPath(ALERTS)]);
});

test('rules and queries ask for metrics that there are', () => {
  const groups = parse(readFileSync(ALERTS, 'utf8')).groups as { rules: { expr: string }[] }[];
  const rules = groups.flatMap((group) => group.rules.map(({ expr }) => expr));
  const queries = [...readFileSync(PAGE, 'utf8').matchAll(/^\| .*\? \| `(.*)` \|$/gm)].map((match) => match[1]!);
  assert.ok(rules.length > 5 && queries.length > 3);
  for (const expression of [...rules, ...queries]) {
    const asked = [...expression.matchAll(/\bcoil_\w+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''));
    assert.ok(asked.length > 0, expression);
    for (const name of asked) assert.ok(names.has(name), `${expression}: there is no ${name}`);
  }
});
