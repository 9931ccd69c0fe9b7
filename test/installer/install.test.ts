import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { chmod, copyFile, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { FileOperations } from '../../src/installer/file-operations.ts';
import { netconf, TestNode } from './test-node.ts';

const INSTALLED = [
  `net.d/10-coil.conflist 644 ${netconf('k8s')}`,
  'net.d/coil-installer.record 644',
  'bin/coil 755 plugin',
];

test('a fresh node gets forwarding, plugin and configuration, and the runtime the time to read it', async () => {
  await using node = await TestNode.create();
  await node.install();
  assert.deepEqual(await node.print(), INSTALLED);
  for (const name of ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding']) {
    assert.equal(await readFile(join(node.procSys, name), 'utf8'), '1\n');
  }
  assert.deepEqual(node.waits, [6000]);
});

test('permissions do not depend on the umask', async () => {
  await using node = await TestNode.create();
  const umask = process.umask(0o077);
  try {
    await node.install();
  } finally {
    process.umask(umask);
  }
  assert.deepEqual(await node.print(), INSTALLED);
});

test('the second time nothing is written, and nobody waits', async () => {
  await using node = await TestNode.create();
  await node.configure('20-other.conf');
  await node.install({ exclusive: true });
  const before = await node.touched();
  node.waits.length = 0;
  await node.install({ exclusive: true });
  assert.deepEqual(await node.touched(), before);
  assert.deepEqual(node.waits, []);
  assert.equal(node.logger.messages.at(-1), 'plugin and network configuration are in place');
});

test('either file is replaced alone', async () => {
  await using node = await TestNode.create();
  await node.install();
  node.waits.length = 0;
  await node.install({ plugin: 'newer' });
  assert.equal((await node.print()).at(-1), 'bin/coil 755 newer');
  assert.deepEqual(node.waits, [], 'runtimes start the plugin anew each time');
  await node.install({ plugin: 'newer', netconf: netconf('other') });
  assert.equal((await node.print())[0], `net.d/10-coil.conflist 644 ${netconf('other')}`);
  assert.deepEqual(node.waits, [6000]);
});

test("what v1's installer left is taken over; wrong permissions are put right", async () => {
  await using node = await TestNode.create();
  await node.configure('10-coil.conflist', netconf('k8s'));
  await writeFile(join(node.binDir, 'coil'), 'plugin');
  await chmod(join(node.binDir, 'coil'), 0o700);
  await node.install();
  assert.deepEqual(await node.print(), INSTALLED);
});

test('a link is replaced, and what it points to left alone', async () => {
  await using node = await TestNode.create();
  await node.configure('kept', netconf('k8s'));
  await symlink('kept', join(node.etcDir, '10-coil.conflist'));
  await symlink('nowhere', join(node.binDir, 'coil'));
  await node.install();
  assert.deepEqual(await node.print(), [...INSTALLED.slice(0, 2), `net.d/kept 644 ${netconf('k8s')}`, INSTALLED[2]]);
});

test('a plugin that is running is replaced', async () => {
  await using node = await TestNode.create();
  const plugin = join(node.binDir, 'coil');
  await copyFile('/bin/sleep', plugin);
  const running: ChildProcess = spawn(plugin, ['60'], { stdio: 'ignore' });
  try {
    await once(running, 'spawn');
    await assert.rejects(writeFile(plugin, 'x'), { code: 'ETXTBSY' });
    await node.install();
    assert.equal((await node.print()).at(-1), 'bin/coil 755 plugin');
    assert.equal(running.exitCode, null);
  } finally {
    running.kill('SIGKILL');
  }
});

test("other CNI plugins' configurations are left alone; one that comes first is told of", async () => {
  await using node = await TestNode.create();
  await node.configure('05-other.conflist');
  await node.configure('99-last.conf');
  await node.configure('00-notes.txt');
  await node.install();
  assert.deepEqual(await node.print(), [
    'net.d/00-notes.txt 644 00-notes.txt',
    'net.d/05-other.conflist 644 05-other.conflist',
    ...INSTALLED.slice(0, 1),
    'net.d/99-last.conf 644 99-last.conf',
    ...INSTALLED.slice(1),
  ]);
  const warnings = node.logger.records.filter(({ level }) => level === 'warn');
  assert.deepEqual(
    warnings.map(({ fields }) => fields),
    [{ before: [join(node.etcDir, '05-other.conflist')], coil: '10-coil.conflist' }],
  );
});

test('CNI_EXCLUSIVE moves what runtimes read aside, and nothing that was moved before is lost', async () => {
  await using node = await TestNode.create();
  const wanted = { exclusive: true };
  await node.configure('00-notes.txt');
  await node.configure('05-other.conflist', 'first');
  await node.configure('20-other.conf');
  await node.configure('30-other.json');
  await node.install(wanted);
  assert.deepEqual(await node.print(), [
    'net.d/00-notes.txt 644 00-notes.txt',
    'net.d/05-other.conflist.coil-disabled 644 first',
    INSTALLED[0],
    'net.d/20-other.conf.coil-disabled 644 20-other.conf',
    'net.d/30-other.json.coil-disabled 644 30-other.json',
    ...INSTALLED.slice(1),
  ]);
  for (const content of ['first', 'second', 'second', 'first']) {
    await node.configure('05-other.conflist', content); // its owner is still there
    await node.install(wanted);
  }
  const others = (await node.print()).filter((line) => line.startsWith('net.d/05'));
  assert.deepEqual(others, [
    'net.d/05-other.conflist.coil-disabled 644 first',
    'net.d/05-other.conflist.coil-disabled.2 644 second',
    'net.d/05-other.conflist.coil-disabled.3 644 first',
  ]);
});

test('under another name, our former configuration goes when the new one is there', async () => {
  await using node = await TestNode.create();
  await node.install();
  await node.install({ confName: '05-coil.conflist' });
  assert.deepEqual(await node.print(), [`net.d/05-coil.conflist 644 ${netconf('k8s')}`, ...INSTALLED.slice(1)]);
});

test('what a killed run left behind is removed, and nothing else', async () => {
  await using node = await TestNode.create();
  await node.configure('.coil-installer-1234.tmp', 'half');
  await node.configure('.other.tmp');
  await writeFile(join(node.binDir, '.coil-installer-5678.tmp'), 'half');
  await node.install();
  assert.deepEqual(await node.print(), ['net.d/.other.tmp 644 .other.tmp', ...INSTALLED]);
});

test('a kernel without IPv6 will do; one without IPv4 forwarding will not', async () => {
  await using node = await TestNode.create();
  await rm(join(node.procSys, 'net/ipv6'), { recursive: true });
  await node.install();
  assert.ok(node.logger.messages.includes('the kernel has no IPv6'));
  await rm(join(node.procSys, 'net'), { recursive: true });
  await assert.rejects(node.install(), {
    message: /^cannot set the sysctl net\.ipv4\.ip_forward to 1 /,
  });
});

for (const folder of ['etcDir', 'binDir'] as const) {
  test(`a missing ${folder} is not made, but named, and nothing is changed`, async () => {
    await using node = await TestNode.create();
    const missing = join(node.folder, 'missing');
    const before = await node.touched();
    await assert.rejects(node.install({ [folder]: missing }), {
      name: 'FileError',
      message: `cannot list ${missing} (the node's folder has to be there, mounted where this is a container)`,
    });
    assert.deepEqual(await node.touched(), before);
  });
}

test('a plugin to install that is missing or empty is named, and nothing is changed', async () => {
  await using node = await TestNode.create();
  const before = await node.touched();
  const pluginSource = join(node.folder, 'nothing');
  await assert.rejects(node.install({ pluginSource }), {
    message: `COIL_PATH names ${pluginSource}, which is not there`,
  });
  await assert.rejects(node.install({ plugin: '' }), { code: 'invalid-argument', message: /^COIL_PATH .* is empty$/ });
  assert.deepEqual(await node.touched(), before);
});

test('taints are removed last, after a wait, also where a run was killed in it', async () => {
  await using node = await TestNode.create();
  const events: unknown[] = [];
  const present = ['a.example/boot'];
  const taints = {
    find: async (keys: readonly string[]) => keys.filter((key) => present.includes(key)),
    remove: async () => {
      events.push(await node.print(), [...node.waits]);
      return present.splice(0);
    },
  };
  const wanted = { taintKeys: ['a.example/boot', 'b.example/boot'] };
  await node.install();
  node.waits.length = 0;
  await node.install(wanted, { taints });
  assert.deepEqual(events, [INSTALLED, [6000]]);
  assert.deepEqual(node.logger.records.at(-1), {
    level: 'info',
    message: 'taints removed',
    fields: { keys: ['a.example/boot'] },
  });
  await node.install(wanted, { taints });
  assert.deepEqual(node.waits, [6000]);
  assert.equal(events.length, 2);
});

test('stops between two steps when it is asked to', async () => {
  await using node = await TestNode.create();
  const stop = new AbortController();
  const files = {
    ...fs,
    rename: async (from: string, to: string) => {
      await fs.rename(from, to);
      stop.abort(new Error('stopped by SIGTERM'));
    },
  } as FileOperations;
  await assert.rejects(node.install({}, { files, signal: stop.signal }), { message: 'stopped by SIGTERM' });
  assert.deepEqual(await node.print(), ['net.d/coil-installer.record 644']);
});
