import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isConfigurationName } from '../../src/installer/configuration-name.ts';
import { netconf, TestNode } from './test-node.ts';

const RUN = join(import.meta.dirname, 'killed-run.ts');
const TIMEOUT_MS = 30_000;
const NEWER = { plugin: 'newer', netconf: netconf('newer'), exclusive: true };
/** What may stand in a file that somebody reads; all but the plugin are configurations. */
const WHOLE = ['plugin', 'newer', netconf('k8s'), netconf('newer'), 'other'];

/** A node with an installation, and a configuration of somebody else. */
async function installedNode(): Promise<TestNode> {
  const node = await TestNode.create();
  await node.configure('20-other.conf', 'other');
  await node.install();
  return node;
}

/** Runs `verb` in a process of its own. @returns whether it was killed, not done before */
async function runUntil(node: TestNode, verb: 'install' | 'uninstall', call: number): Promise<boolean> {
  const stdio = ['ignore', 'ignore', 'inherit'] as const;
  const child = spawn(process.execPath, [RUN, node.folder, verb, String(call)], {
    stdio: [...stdio],
    timeout: TIMEOUT_MS,
  });
  const [status, signal] = await once(child, 'exit');
  if (signal === null) assert.equal(status, 0);
  else assert.equal(signal, 'SIGKILL');
  return signal !== null;
}

/** Whoever looks now finds whole files, a configuration, and the plugin where that one needs it. */
async function assertWhole(node: TestNode): Promise<void> {
  const files = (await node.print()).map((line) => line.split(' '));
  const read = files.filter(([name = '']) => isConfigurationName(name) || name === 'bin/coil');
  for (const [name, , content = ''] of read) assert.ok(WHOLE.includes(content), `${name}: ${content}`);
  const names = read.map(([name]) => name);
  assert.ok(
    names.some((name) => name !== 'bin/coil'),
    'no configuration is left',
  );
  assert.ok(names.includes('bin/coil') || !names.includes('net.d/10-coil.conflist'), 'the plugin is missing');
}

/** The same node once more, so that two ways can be gone from there. */
async function copyOf(node: TestNode): Promise<TestNode> {
  const copy = await TestNode.create();
  await cp(node.folder, copy.folder, { recursive: true, preserveTimestamps: true });
  return copy;
}

for (const verb of ['install', 'uninstall'] as const) {
  test(`killed at any call of ${verb}, the node is whole, and both ways are open`, async () => {
    let killed = true;
    let calls = 0;
    while (killed) {
      await using node = await installedNode();
      if (verb === 'uninstall') await node.install(NEWER);
      killed = await runUntil(node, verb, ++calls);
      if (killed) await assertWhole(node);
      await using other = await copyOf(node);
      await node.install(NEWER);
      const expected = [`net.d/10-coil.conflist 644 ${NEWER.netconf}`, 'net.d/20-other.conf.coil-disabled 644 other'];
      assert.deepEqual(await node.print(), [...expected, 'net.d/coil-installer.record 644', 'bin/coil 755 newer']);
      await other.uninstall();
      assert.deepEqual(await other.print(), ['net.d/20-other.conf 644 other']);
    }
    assert.ok(calls > 10, `only ${calls} calls`);
  });
}
