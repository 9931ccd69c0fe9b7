import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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
  const made = links();
  for (const entry of layer) {
    if ('target' in entry) assert.ok(made.includes(`${entry.path} -> ${entry.target}`), entry.path);
    else if ('content' in entry) assert.match(file, new RegExp(`^COPY --from=builder \\S+ /${entry.path}$`, 'm'));
  }
});

/** The links that the image's shell makes, as `PATH -> TARGET`, with a folder of its own for the root. */
function links(): string[] {
  const [, script] = /^RUN (for program in .*?[^\\])$/ms.exec(file)!;
  assert.doesNotMatch(script!, /[^\sa-z]\/|&\//, 'a path that would not be put below the folder');
  const root = mkdtempSync(join(tmpdir(), 'ct-'));
  try {
    mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
    execFileSync('sh', ['-c', script!.replaceAll(/ \/(?=\S)/g, ` ${root}/`)]);
    return readdirSync(root, { recursive: true, encoding: 'utf8' }).flatMap((path) =>
      lstatSync(join(root, path)).isSymbolicLink() ? [`${path} -> ${readlinkSync(join(root, path))}`] : [],
    );
  } finally {
    rmSync(root, { recursive: true });
  }
}
