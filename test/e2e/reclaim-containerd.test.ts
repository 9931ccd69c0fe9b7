import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { built } from './built.ts';
import { CoilNode } from './coil-node.ts';
import { eventually } from './eventually.ts';
import { compilePause } from './image.ts';
import type { Pod } from './kubelet.ts';
import { containerdMissing } from './requirements.ts';

const GRACE_MS = 500;
const NETCONF = { cniVersion: '1.0.0', name: 'k8s', plugins: [{ type: 'coil', coild: 'unix:///run/coil/coild.sock' }] };

test('what containerd has forgotten is freed after the grace, and nothing that it knows', {
  skip: containerdMissing() ?? false,
}, async (t) => {
  const [dist, pause] = await Promise.all([built(), compilePause()]);
  const flags = (folder: string) => [
    `--cri-socket=${join(folder, 'containerd.sock')}`,
    `--reclaim-grace=${GRACE_MS}ms`,
  ];
  await using node = await CoilNode.start({ dist, pause, netconf: NETCONF, flags });
  try {
    const [lost, kept] = [await node.kubelet.run('web-0'), await node.kubelet.run('web-1')];
    assert.equal((await recordOf(node, lost))?.pod_uid, 'uid-of-web-0');
    await forget(node, lost);
    // containerd goes on knowing it, though its container and its namespace are gone
    await delay(2 * GRACE_MS);
    assert.equal((await recordOf(node, lost))?.container_id, lost.id);
    await node.containerd.stop();
    await eventually('coild finds that containerd is silent', async () => /cannot be asked/.test(node.coildLog));
    await delay(2 * GRACE_MS);
    assert.equal((await recordOf(node, lost))?.container_id, lost.id);
    await node.containerd.restart();
    await eventually('the address is free', async () => (await recordOf(node, lost)) === undefined);
    assert.match(node.coildLog, /"freed a leaked address".*proofs=\["node" "runtime"\]/);
    assert.equal((await recordOf(node, kept))?.container_id, kept.id);
    await node.kubelet.end(kept);
  } catch (error) {
    t.diagnostic(node.logs);
    throw error;
  }
});

/** As a machine loses a Pod without a DEL: its processes end, its namespace goes, and the record of the container. */
async function forget({ machine }: CoilNode, { id, pid }: Pod): Promise<void> {
  const netns = (await machine.run('ip', 'netns', 'identify', String(pid))).trim();
  assert.notEqual(netns, '');
  const ctr = (...args: string[]) =>
    machine.run('ctr', '--address', join(machine.folder, 'containerd.sock'), '--namespace', 'k8s.io', ...args);
  // the runtime may have seen the process end first, and be deleting the task itself
  await eventually('the task is gone', async () => {
    await ctr('tasks', 'delete', '--force', id).catch(() => undefined);
    return !(await ctr('tasks', 'list', '--quiet')).includes(id);
  });
  await ctr('containers', 'delete', id);
  await machine.run('ip', 'netns', 'delete', netns);
}

/** Undefined where the address is free. */
async function recordOf(node: CoilNode, { ip }: Pod): Promise<Record<string, string> | undefined> {
  try {
    return JSON.parse(await node.coilctl('address', 'info', ip)) as Record<string, string>;
  } catch (error) {
    if (/not found/.test(String(error))) return undefined;
    throw error;
  }
}
