import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../e2e/eventually.ts';
import { assertAgreement } from './agreement.ts';
import type { Cluster } from './cluster.ts';
import { SCAN_INTERVAL_MS } from './installation.ts';
import { networkWaits } from './network-waits.ts';
import { observe } from './observe.ts';
import type { Scenario } from './scenario.ts';
import { Workload } from './workload.ts';

const PODS = 100;
const TIMES = 5;
const GONE_MS = 60_000;
const LONGEST_WAIT_MS = 10_000;

export const podsComeAndGo: Scenario = {
  name: `${PODS} Pods come and go ${TIMES} times: nothing of them is left, and none waited 10 s for its network`,
  run: async (cluster, tell) => {
    for (let time = 1; time <= TIMES; time++) {
      const web = await Workload.create(cluster.api, { name: `web${time}`, replicas: PODS });
      await web.untilRunning();
      const waits = (await Promise.all(cluster.nodes.map(networkWaits))).flat().sort((a, b) => a - b);
      assert.equal(waits.length, PODS);
      assert.ok(waits.at(-1)! < LONGEST_WAIT_MS, `a Pod waited ${waits.at(-1)} ms for its network`);
      const figures = [waits.at(PODS / 2)!, waits.at(-1)!].map((ms) => Math.round(ms));
      tell(`${time}. ${PODS} Pods run; they waited ${figures[0]} ms for their network, ${figures[1]} ms at most`);
      await assertAgreement(cluster);
      await web.delete();
      await eventually('no Pod has a network', () => hasNoPodNetwork(cluster), GONE_MS);
    }
    assert.deepEqual(await failures(cluster), []);
    const none = async () => {
      const { blocks, nodes } = await observe(cluster);
      const routes = nodes.flatMap(({ exported, learnt }) => [...exported, ...learnt]);
      return (await hasNoPodNetwork(cluster)) && blocks.length + routes.length === 0;
    };
    await eventually('no address, block, link or route is left', none, 10 * SCAN_INTERVAL_MS);
  },
};

async function hasNoPodNetwork(cluster: Cluster): Promise<boolean> {
  const { addresses, nodes } = await observe(cluster);
  return addresses.length + nodes.flatMap(({ links, podRoutes }) => [...links, ...podRoutes]).length === 0;
}

/** Sandboxes of these Pods that could not be made, by what kubelets log at once: kubelet tries again, and the Pod waits. */
async function failures({ nodes, options }: Cluster): Promise<readonly string[]> {
  const logs = await Promise.all(nodes.map(({ name }) => readFile(join(options.logs, `${name}-kubelet.log`), 'utf8')));
  return logs.flatMap((log) => log.match(/CreatePodSandbox for pod "web\d-.*failed:.*/g) ?? []);
}
