import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Kustomizer, kustomizers } from './kustomizers.ts';
import { type Manifest, parseManifests, renderCopy } from './manifests.ts';

const found = kustomizers();
const old = found.find(({ isOld }) => isOld);
const recent = found.find(({ isOld }) => !isOld);
const skip = old && recent ? false : 'needs a kubectl of both kinds, before and since 1.21';

test('what is written anew for an older kubectl renders to what a newer one makes of deploy/', { skip }, async () => {
  const [before, since] = await Promise.all([render(old!), render(recent!)]);
  assert.equal(since.length, 14);
  assert.deepEqual(before, since);
});

/** Sorted, and without the digests in names, which the two do not compute alike. */
async function render(kustomizer: Kustomizer): Promise<readonly Manifest[]> {
  const prepare = async (folder: string): Promise<string> => {
    const overlay = join(folder, 'overlays/etcd');
    for (const file of ['ca.crt', 'client.crt', 'client.key']) await writeFile(join(overlay, file), file);
    const components = ['ask-runtime', 'ask-kubernetes'].map((name) => `  - ../../components/${name}\n`);
    await appendFile(join(overlay, 'kustomization.yaml'), `components:\n${components.join('')}`);
    return overlay;
  };
  const text = await renderCopy(prepare, [kustomizer]);
  const digests = /(coil-(?:config|etcd))-[a-z0-9]{10}\b/g;
  return parseManifests(text.replaceAll(digests, '$1-DIGEST')).sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function key({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`;
}
