import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readFolders, readInstallSettings } from './installer-settings.ts';

const CNI_NETCONF = '{ "cniVersion": "0.3.1", "name": "k8s", "plugins": [{ "type": "coil" }] }\n';
const ENV = { CNI_NETCONF, COIL_NODE_NAME: 'node1' };

test("v1's defaults, also where a variable is empty", () => {
  const expected = {
    settings: {
      etcDir: '/host/etc/cni/net.d',
      binDir: '/host/opt/cni/bin',
      confName: '10-coil.conflist',
      netconf: Buffer.from(CNI_NETCONF),
      pluginSource: '/coil',
      exclusive: false,
      taintKeys: ['coil.cybozu.com/bootstrap'],
    },
    node: 'node1',
  };
  assert.deepEqual(readInstallSettings(ENV), expected);
  assert.deepEqual(readInstallSettings({ ...ENV, CNI_ETC_DIR: '', CNI_CONF_NAME: '', CNI_EXCLUSIVE: '' }), expected);
});

test('every variable arrives', () => {
  const { settings, node } = readInstallSettings({
    CNI_ETC_DIR: '/etc/cni/net.d',
    CNI_BIN_DIR: '/opt/cni/bin',
    CNI_CONF_NAME: '05-coil.conflist',
    CNI_NETCONF,
    CNI_EXCLUSIVE: 'true',
    COIL_PATH: '/usr/lib/coil',
    COIL_NODE_NAME: 'node2.example.org',
    COIL_BOOT_TAINT: 'a.example.org/boot, ,simple',
  });
  assert.deepEqual(settings, {
    ...readFolders({ CNI_ETC_DIR: '/etc/cni/net.d', CNI_BIN_DIR: '/opt/cni/bin' }),
    confName: '05-coil.conflist',
    netconf: Buffer.from(CNI_NETCONF),
    pluginSource: '/usr/lib/coil',
    exclusive: true,
    taintKeys: ['a.example.org/boot', 'simple'],
  });
  assert.equal(node, 'node2.example.org');
});

test('without taints to remove no Node is needed', () => {
  const { settings, node } = readInstallSettings({ CNI_NETCONF, COIL_BOOT_TAINT: '' });
  assert.deepEqual([settings.taintKeys, node], [[], undefined]);
});

test('the configuration comes from CNI_NETCONF, or else from the file that CNI_NETCONF_FILE names', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coil-test-'));
  try {
    const file = join(folder, 'netconf');
    await writeFile(file, CNI_NETCONF);
    const fromFile = readInstallSettings({ ...ENV, CNI_NETCONF: '', CNI_NETCONF_FILE: file });
    assert.deepEqual(fromFile.settings.netconf, Buffer.from(CNI_NETCONF));
    assert.deepEqual(readInstallSettings({ ...ENV, CNI_NETCONF_FILE: '/nonexistent' }).settings, fromFile.settings);
    await writeFile(file, '{}');
    assert.throws(() => readInstallSettings({ ...ENV, CNI_NETCONF: '', CNI_NETCONF_FILE: file }), {
      name: 'UsageError',
      message: /^CNI_NETCONF_FILE .*\/netconf: cniVersion is missing/,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

for (const [env, message] of [
  [{ CNI_NETCONF: '' }, /^neither CNI_NETCONF, .* nor CNI_NETCONF_FILE, .* is set$/],
  [{ CNI_NETCONF: '', CNI_NETCONF_FILE: '/nonexistent' }, /^CNI_NETCONF_FILE cannot be read: ENOENT.*'\/nonexistent'/],
  [{ CNI_NETCONF: '{}' }, /^CNI_NETCONF: cniVersion is missing/],
  [
    { CNI_CONF_NAME: '10-coil.conf' },
    /^CNI_CONF_NAME is "10-coil\.conf": it takes a file name that ends in \.conflist/,
  ],
  [{ CNI_CONF_NAME: '../10-coil.conflist' }, /^CNI_CONF_NAME is /],
  [{ CNI_CONF_NAME: '.conflist' }, /^CNI_CONF_NAME is /],
  [{ CNI_EXCLUSIVE: 'yes' }, /^CNI_EXCLUSIVE is "yes": it takes true or false$/],
  [{ COIL_NODE_NAME: undefined }, /^COIL_NODE_NAME is not set: .*COIL_BOOT_TAINT leaves taints alone$/],
  [{ COIL_NODE_NAME: 'a/b' }, /^COIL_NODE_NAME is "a\/b": /],
  [{ COIL_BOOT_TAINT: 'boot=x:NoSchedule' }, /^COIL_BOOT_TAINT is "boot=x:NoSchedule": it takes keys/],
] as const) {
  test(`names what is wrong with ${JSON.stringify(env)}`, () => {
    assert.throws(() => readInstallSettings({ ...ENV, ...env }), { name: 'UsageError', message });
  });
}
