import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The page, and the rules beside it. */
export const PAGE = new URL('../../docs/metrics.md', import.meta.url);
export const ALERTS = new URL('../../docs/prometheus-alerts.yml', import.meta.url);

/** Why promtool cannot be asked; false where it can. */
export function promtoolMissing(): string | false {
  return spawnSync('promtool', ['--version']).error ? 'promtool is not installed' : false;
}

/** Runs promtool. @throws {AssertionError} with what it found wrong */
export function promtool(args: readonly string[], input = ''): void {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8', timeout: 20_000 });
  assert.equal(`${status} ${stderr}`.trim(), '0', `${stdout}${stderr}`);
}

/** Names of metrics by what the page and the program say of them: `NAME counter LABEL,LABEL`. */
export function documented(...sections: readonly ('coild' | 'coil-controller' | 'Both')[]): string[] {
  const page = readFileSync(PAGE, 'utf8');
  return sections.flatMap((section) => {
    const text = page.split(`## ${section}\n`)[1]!.split('\n## ')[0]!;
    const rows = [...text.matchAll(/^\| `(\w+)` \| (\w+) \| (.*?)\|/gm)];
    assert.ok(rows.length > 0, section);
    return rows.map(([, name, type, labels]) => `${name} ${type} ${[...labels!.matchAll(/\w+/g)].sort().join()}`);
  });
}

/** The same of what was served. A metric without samples has no labels to be compared: it is named in `unseen`. */
export function exposed(text: string): { readonly metrics: readonly string[]; readonly unseen: readonly string[] } {
  const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)];
  const unseen: string[] = [];
  const metrics = types.flatMap(([, name, type]) => {
    const ends = type === 'histogram' ? '(?:_bucket|_sum|_count)' : '';
    const samples = [...text.matchAll(new RegExp(`^${name}${ends}(?:\\{(.*)\\})? `, 'gm'))];
    if (samples.length === 0) unseen.push(`${name} ${type}`);
    const labels = samples.flatMap(([, list = '']) => [...list.matchAll(/(\w+)="/g)].map((match) => match[1]!));
    const own = [...new Set(labels)].filter((label) => label !== 'le' || type !== 'histogram').sort();
    return samples.length === 0 ? [] : [`${name} ${type} ${own.join()}`];
  });
  return { metrics, unseen };
}

/** Asserts that the page has what was served, and nothing else. */
export function assertDocumented(text: string, page: readonly string[]): void {
  const { metrics, unseen } = exposed(text);
  const withoutSamples = page.filter((line) => unseen.some((name) => line.startsWith(`${name} `)));
  assert.equal(withoutSamples.length, unseen.length, `the page lacks one of ${unseen.join('; ')}`);
  assert.deepEqual([...metrics, ...withoutSamples].sort(), [...page].sort());
}
