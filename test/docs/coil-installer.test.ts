import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { FOLDER_VARIABLES, INSTALL_VARIABLES, readInstallSettings } from '../../src/programs/installer-settings.ts';

const page = await readFile(new URL('../../docs/coil-installer.md', import.meta.url), 'utf8');

test('the page has every variable with its default', () => {
  for (const { name, default: value } of [...FOLDER_VARIABLES, ...INSTALL_VARIABLES]) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`));
    const [, , fallback = ''] = row?.split('|') ?? assert.fail(`${name} is missing`);
    assert.equal(fallback.trim(), value && `\`${value}\``, name);
  }
});

test('the network configuration of the example is one that is taken', () => {
  const [, netconf] = /CNI_NETCONF='(.*)'/.exec(page) ?? [];
  readInstallSettings({ CNI_NETCONF: netconf, COIL_BOOT_TAINT: '' });
});
