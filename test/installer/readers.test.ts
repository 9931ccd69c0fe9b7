import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Sightings } from './net-d-reader.ts';
import { netconf, TestNode } from './test-node.ts';

const INSTALLATIONS = 200;
/** Long enough that a file written in place would be seen before it is whole. */
const PADDING = ' '.repeat(100_000);

test('who reads net.d all the time sees whole files of ours, and the others as they are', async () => {
  await using node = await TestNode.create();
  const versions = Array.from({ length: INSTALLATIONS }, (_, i) => ({
    netconf: `${netconf(`k8s${i}`)}${PADDING}`,
    plugin: `${i}${PADDING}`,
  }));
  await node.configure('05-other.conf', 'other');
  await node.install(versions[0]);
  const workerData = { etcDir: node.etcDir, plugin: join(node.binDir, 'coil') };
  const reader = new Worker(new URL('net-d-reader.ts', import.meta.url), { workerData });
  try {
    await once(reader, 'message');
    for (const version of versions) await node.install(version);
    reader.postMessage('stop');
    const [{ lists, contents }] = (await once(reader, 'message')) as [Sightings];
    assert.deepEqual([...lists], ['05-other.conf,10-coil.conflist']);
    const written = new Set(['other', ...versions.flatMap(({ netconf: text, plugin }) => [text, plugin])]);
    const foreign = [...contents].filter((content) => !written.has(content));
    assert.deepEqual(foreign, []);
    assert.ok(contents.size > INSTALLATIONS / 10, `it saw ${contents.size} contents only`);
  } finally {
    await reader.terminate();
  }
});
