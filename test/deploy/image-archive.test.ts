import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fullName, imageArchive } from '../../tools/image/image-archive.ts';

const IMAGE = {
  tag: 'coil:1',
  architecture: 'amd64',
  config: { Env: [], Entrypoint: ['/a/tool'], Labels: {} },
  layers: [
    [
      { path: 'a', mode: 0o755, folder: true },
      { path: 'a/tool', mode: 0o755, content: Buffer.alloc(1000, 'x') },
      { path: 'a/link', target: 'tool' },
    ],
  ],
} as const;

test('an archive is an OCI layout that names each blob by its contents, and one that docker load reads', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ct-'));
  const json = async (path: string) => JSON.parse(await readFile(join(folder, path), 'utf8'));
  const blob = (digest: string) => `blobs/${digest.replace(':', '/')}`;
  try {
    await writeFile(join(folder, 'image.tar'), imageArchive(IMAGE));
    execFileSync('tar', ['-xf', 'image.tar'], { cwd: folder });
    const [index] = (await json('index.json')).manifests;
    assert.equal(index.annotations['io.containerd.image.name'], 'docker.io/library/coil:1');
    const manifest = await json(blob(index.digest));
    for (const { digest, size } of [index, manifest.config, ...manifest.layers]) {
      const content = await readFile(join(folder, blob(digest)));
      assert.equal(`sha256:${createHash('sha256').update(content).digest('hex')}`, digest);
      assert.equal(content.length, size);
    }
    const config = await json(blob(manifest.config.digest));
    assert.deepEqual(config.rootfs.diff_ids, [manifest.layers[0].digest]);
    const docker = {
      Config: blob(manifest.config.digest),
      RepoTags: ['coil:1'],
      Layers: [blob(manifest.layers[0].digest)],
    };
    assert.deepEqual(await json('manifest.json'), [docker]);

    execFileSync('tar', ['-xpf', blob(manifest.layers[0].digest)], { cwd: folder });
    assert.equal(await readlink(join(folder, 'a/link')), 'tool');
    const { mode, size, mtimeMs } = await lstat(join(folder, 'a/tool'));
    assert.deepEqual({ mode: mode & 0o7777, size, mtimeMs }, { mode: 0o755, size: 1000, mtimeMs: 0 });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('names of images are completed as Docker and containerd complete them', () => {
  assert.equal(fullName('coil:1'), 'docker.io/library/coil:1');
  assert.equal(fullName('team/coil:1'), 'docker.io/team/coil:1');
  for (const full of ['registry.example/coil:1', 'localhost:5000/coil:1', 'localhost/coil:1']) {
    assert.equal(fullName(full), full);
  }
});
