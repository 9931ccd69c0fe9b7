import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CNI_CODE } from '../../src/cni/cni-error.ts';
import { parseNetworkConfig } from '../../src/cni/network-config.ts';
import { SUPPORTED_CNI_VERSIONS } from '../../src/cni/versions.ts';
import { checkNetconf } from '../../src/installer/netconf.ts';
import { readPage } from './pages.ts';

/** Of the specification's codes, those that coil has no use for. */
const NEVER_ANSWERED: readonly number[] = [CNI_CODE.unknownContainer, CNI_CODE.limitedConnectivity];

const page = await readPage('coil');

test('coil.md has every code that coil answers with, and no other', () => {
  const rows = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  const codes = Object.values(CNI_CODE).filter((code) => !NEVER_ANSWERED.includes(code));
  assert.deepEqual(rows, codes);
});

test('it has the versions of CNI that coil speaks', () => {
  const [, listed] = /It speaks CNI ([\d., and]+):/.exec(page)!;
  assert.deepEqual(listed!.match(/\d+\.\d+\.\d+/g), [...SUPPORTED_CNI_VERSIONS]);
});

test('its network configuration is one that coil-installer and coild take', () => {
  const [, text] = /^```json\n(.*?)^```$/ms.exec(page)!;
  checkNetconf(text!);
  const { name, cniVersion, plugins } = JSON.parse(text!);
  assert.equal(parseNetworkConfig(JSON.stringify({ name, cniVersion, ...plugins[0] })).name, name);
});
