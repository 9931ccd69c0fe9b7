import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEPLOY } from '../deploy/manifests.ts';
import { isReady } from './node-object.ts';
import type { Scenario } from './scenario.ts';

const DIST = join(import.meta.dirname, '../../dist');

export const nodesBecomeReady: Scenario = {
  name: 'nodes become ready and take Pods: the taint is gone, plugin, network configuration and sysctls are there',
  run: async (cluster) => {
    for (const node of await cluster.listNodes()) {
      assert.ok(isReady(node), node.metadata.name);
      assert.deepEqual(node.spec.taints ?? [], [], node.metadata.name);
    }
    const plugin = await readFile(join(DIST, 'coil'));
    const netconf = await readFile(join(DEPLOY, 'base/netconf.json'), 'utf8');
    for (const node of cluster.nodes) {
      const installed = (path: string) => `/proc/${node.pid}/root${path}`;
      assert.ok(plugin.equals(await readFile(installed('/opt/cni/bin/coil'))), 'another plugin');
      assert.equal(await readFile(installed('/etc/cni/net.d/10-coil.conflist'), 'utf8'), netconf);
      const sysctls = ['/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/ipv6/conf/all/forwarding'];
      assert.equal(await node.run(['cat', ...sysctls]), '1\n1\n');
    }
  },
};
