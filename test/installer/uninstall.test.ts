import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { netconf, TestNode } from './test-node.ts';

/** What the administrator was warned of: message and the names of the files. */
function warnings(node: TestNode): string[] {
  return node.logger.records
    .filter(({ level }) => level === 'warn')
    .map(({ message, fields }) => `${message}: ${(fields.files as string[]).map((path) => path.split('/').at(-1))}`);
}

test('everything of ours goes, everything moved aside is back, sysctls stay', async () => {
  await using node = await TestNode.create();
  await node.configure('05-other.conflist');
  await node.configure('20-other.conf');
  await writeFile(join(node.binDir, 'other'), 'other');
  const before = await node.print();
  await node.install({ exclusive: true });
  assert.notDeepEqual(await node.print(), before);
  await node.uninstall();
  assert.deepEqual(await node.print(), before);
  assert.deepEqual(warnings(node), []);
  assert.deepEqual(node.logger.records.at(-1)?.message, 'forwarding is left as it is');
});

test('again, there is nothing to do', async () => {
  await using node = await TestNode.create();
  await node.install();
  await node.uninstall();
  const before = await node.touched();
  await node.uninstall();
  assert.deepEqual(await node.touched(), before);
  assert.equal(node.logger.messages.at(-1), 'nothing is left that coil-installer put there');
});

test('earlier versions of ours are ours: killed after the record was written, or rolled back', async () => {
  await using node = await TestNode.create();
  await node.install();
  await node.install({ plugin: 'newer', netconf: netconf('newer') });
  await writeFile(join(node.binDir, 'coil'), 'plugin');
  await node.configure('10-coil.conflist', netconf('k8s'));
  await node.uninstall();
  assert.deepEqual(await node.print(), []);
});

test('a configuration that was edited stays, and the plugin with it; later both can go', async () => {
  await using node = await TestNode.create();
  await node.install();
  await node.configure('10-coil.conflist', netconf('edited'));
  const before = await node.print();
  await node.uninstall();
  assert.deepEqual(await node.print(), before);
  assert.deepEqual(warnings(node), [
    "not as coil-installer put it, so left alone, though it needs Coil's plugin: 10-coil.conflist",
    'left while a CNI configuration needs it: coil',
  ]);
  await rm(join(node.etcDir, '10-coil.conflist'));
  await node.uninstall();
  assert.deepEqual(await node.print(), []);
});

test("a plugin that is not ours stays, and so does another's configuration", async () => {
  await using node = await TestNode.create();
  await node.install();
  await writeFile(join(node.binDir, 'coil'), 'other');
  await node.configure('10-coil.conflist', '{"plugins":[{"type":"other"}]}');
  await node.uninstall();
  assert.deepEqual(await node.print(), [
    'net.d/10-coil.conflist 644 {"plugins":[{"type":"other"}]}',
    'bin/coil 755 other',
  ]);
  assert.deepEqual(warnings(node), ['not as coil-installer put it, so left alone: coil']);
});

for (const [what, record] of [
  ['no record', undefined],
  ['a record that was edited', '{"installed":[{"kind":"netconf","name":"../../etc/passwd","sha256":""}]}'],
] as const) {
  test(`with ${what}, nothing is taken away`, async () => {
    await using node = await TestNode.create();
    await node.install();
    if (record === undefined) await rm(join(node.etcDir, 'coil-installer.record'));
    else await node.configure('coil-installer.record', record);
    const before = await node.touched();
    await node.uninstall();
    assert.deepEqual(await node.touched(), before);
    assert.match(warnings(node).join('\n'), /not as coil-installer put it.*: 10-coil\.conflist/);
    await node.install();
    await node.uninstall();
    assert.deepEqual(await node.print(), [], 'an installation makes the record anew');
  });
}

test('of versions that were moved aside the last one comes back, unless there is a newer one', async () => {
  await using node = await TestNode.create();
  for (const content of ['first', 'second']) {
    await node.configure('05-other.conflist', content);
    await node.configure('20-other.conf', content);
    await node.install({ exclusive: true });
  }
  await node.configure('20-other.conf', 'third');
  await node.uninstall();
  assert.deepEqual(await node.print(), [
    'net.d/05-other.conflist 644 second',
    'net.d/05-other.conflist.coil-disabled 644 first',
    'net.d/20-other.conf 644 third',
    'net.d/20-other.conf.coil-disabled 644 first',
    'net.d/20-other.conf.coil-disabled.2 644 second',
  ]);
  assert.deepEqual(warnings(node), [
    'left aside, since there is a newer configuration of that name: ' +
      '05-other.conflist.coil-disabled,20-other.conf.coil-disabled,20-other.conf.coil-disabled.2',
  ]);
});

test('a configuration that needs Coil comes back with the plugin in place', async () => {
  await using node = await TestNode.create();
  await node.configure('05-mine.conf', '{"cniVersion":"0.4.0","name":"x","type":"coil"}');
  await node.install({ exclusive: true });
  await node.uninstall();
  const names = (await node.print()).map((line) => line.split(' ')[0]);
  assert.deepEqual(names, ['net.d/05-mine.conf', 'net.d/coil-installer.record', 'bin/coil']);
});
