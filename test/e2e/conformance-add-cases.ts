import assert from 'node:assert/strict';
import { SUPPORTED_CNI_VERSIONS } from '../../src/cni/versions.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { podLinks } from './kernel-state.ts';
import { addressesOf } from './sandbox.ts';

const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/;

/** ADD and VERSION. */
export const ADD_CASES: readonly ConformanceCase[] = [
  ...SUPPORTED_CNI_VERSIONS.map(
    (cniVersion): ConformanceCase => ({
      name: `ADD in ${cniVersion} gives a result of that version`,
      async run(scene) {
        const sandbox = await scene.sandbox();
        const result = await sandbox.add({ netconf: { cniVersion } });
        const [address = ''] = await sandbox.recorded();
        const macs = result.interfaces.map((link) => (link as { mac?: string }).mac ?? '');
        for (const mac of macs) assert.match(mac, MAC);
        const mtu = cniVersion === '1.1.0' ? { mtu: 1500 } : {};
        const version = cniVersion.startsWith('0.') ? { version: '4' } : {};
        assert.deepEqual(result, {
          cniVersion,
          interfaces: [
            { name: sandbox.hostLink, mac: macs[0], ...mtu },
            { name: 'eth0', mac: macs[1], ...mtu, sandbox: sandbox.netns.path },
          ],
          ips: [{ ...version, interface: 1, address: `${address}/32`, gateway: '169.254.1.1' }],
          routes: [{ dst: '0.0.0.0/0', gw: '169.254.1.1' }],
          dns: {},
        });
      },
    }),
  ),
  {
    name: 'VERSION names all of them',
    async run(scene) {
      const supportedVersions = [...SUPPORTED_CNI_VERSIONS];
      const printed = await (await scene.sandbox()).succeed('VERSION', { netconf: { cniVersion: '0.4.0' } });
      assert.deepEqual(printed, { cniVersion: '0.4.0', supportedVersions });
    },
  },
  {
    name: 'a second ADD gives the same result, and changes nothing',
    async run(scene) {
      const sandbox = await scene.sandbox();
      const first = await sandbox.add();
      assert.deepEqual(await scene.unchangedBy(() => sandbox.add()), first);
    },
  },
  {
    name: 'two interfaces of one container have an address and a link each, and go one by one',
    async run(scene) {
      const sandbox = await scene.sandbox();
      const first = await sandbox.add();
      const net1 = { env: { CNI_IFNAME: 'net1' } };
      await scene.restoredAfter(async () => {
        const second = await sandbox.add(net1);
        const both = [...addressesOf(first), ...addressesOf(second)];
        assert.deepEqual(await sandbox.recorded(), both.sort());
        assert.equal(new Set(both).size, 2);
        assert.deepEqual(await sandbox.add(net1), second);
        await sandbox.del(net1);
      });
      assert.deepEqual(await sandbox.recorded(), addressesOf(first));
    },
  },
  {
    name: 'ADD of a Pod right after the DEL of its last sandbox',
    async run(scene) {
      const old = await scene.sandbox();
      await old.add();
      await old.del();
      const sandbox = await scene.sandbox(old);
      const result = await sandbox.add();
      assert.equal(result.interfaces[0]?.name, old.hostLink);
      await sandbox.succeed('CHECK', { netconf: { prevResult: result } });
    },
  },
  {
    name: 'the DEL of a sandbox that was replaced already does not touch the new one',
    async run(scene) {
      const old = await scene.sandbox();
      await old.add();
      const sandbox = await scene.sandbox(old);
      const result = await sandbox.add();
      const recorded = await sandbox.recorded();
      const kernel = await scene.node.netns.ip('route show table main');
      await old.del();
      assert.deepEqual(await old.recorded(), []);
      assert.deepEqual(await sandbox.recorded(), recorded);
      assert.equal(await scene.node.netns.ip('route show table main'), kernel);
      await sandbox.succeed('CHECK', { netconf: { prevResult: result } });
      await scene.unchangedBy(() => old.del());
    },
  },
  {
    name: '20 ADDs at once give 20 addresses',
    async run(scene) {
      const sandboxes = await Promise.all(Array.from({ length: 20 }, () => scene.sandbox()));
      const results = await Promise.all(sandboxes.map((sandbox) => sandbox.add()));
      assert.equal(new Set(results.flatMap(addressesOf)).size, 20);
      const links = await podLinks(scene.node.netns);
      for (const { hostLink } of sandboxes) assert.ok(links.includes(hostLink));
      await Promise.all(sandboxes.map((sandbox) => sandbox.del()));
    },
  },
];
