import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { programLayer } from '../../tools/image/layers.ts';
import { built } from '../e2e/built.ts';
import { DEPLOY } from './manifests.ts';

const ROOT = join(DEPLOY, '..');
const file = await readFile(join(DEPLOY, 'Dockerfile'), 'utf8');
const ignored = (await readFile(join(ROOT, '.dockerignore'), 'utf8')).trim().split('\n');

test('what the Dockerfile copies is there, and not ignored', () => {
  const sources = [...file.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap((match) => match[1]!.split(' '));
  assert.ok(sources.includes('src'));
  for (const source of sources) {
    assert.ok(existsSync(join(ROOT, source)), source);
    assert.ok(!ignored.includes(source), source);
  }
});

test('its image has the programs where the one of make image has them', async () => {
  const dist = await built();
  const layer = await programLayer(join(dist.hypercoil, '..'));
  for (const entry of layer) {
    if ('target' in entry) assert.ok(file.includes(entry.path.split('/').at(-1)!), entry.path);
    else if ('content' in entry) assert.match(file, new RegExp(`^COPY --from=builder \\S+ /${entry.path}$`, 'm'));
  }
});
